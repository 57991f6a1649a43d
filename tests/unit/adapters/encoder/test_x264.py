"""What x264 is told, read back from the settings that it leaves in the file; and that cores change no file."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from adapters.encoder.config import ENCODINGS, EncoderConfig, Encoding, Preset
from adapters.encoder.pyav import PyAvEncoder
from application.job_control import JobControl
from benchmarks.footage import panning
from domain.geometry import ClipGeometry, Resolution
from domain.media import WEBM
from tests.support.clips import clip_of, geometry

WIDE = geometry(320, 256, frames=12)
MARKS: dict[Preset, dict[str, str]] = {
    "ultrafast": {"cabac": "0", "ref": "1", "subme": "0"},
    "superfast": {"cabac": "1", "ref": "1", "subme": "1"},
    "veryfast": {"ref": "1", "subme": "2", "rc_lookahead": "10"},
    "medium": {"ref": "3", "subme": "7", "rc_lookahead": "40"},
}
"""By which settings a preset is told from the others."""


def encoded(config: EncoderConfig, target: Path, shape: ClipGeometry = WIDE) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, shape.frames * shape.resolution.pixels * 3, np.uint8)
    PyAvEncoder(config).encode(clip_of(shape, [noise.data]), target, JobControl())
    return target.read_bytes()


def x264_settings(content: bytes) -> dict[str, str]:
    """The names and values that x264 wrote into the first picture."""
    found = re.search(rb"x264 - core \d+.*?options: ([ -~]+)", content)
    assert found is not None
    return dict(pair.split("=", 1) for pair in found[1].decode().split() if "=" in pair)


@contextmanager
def one_core() -> Iterator[None]:
    """One core for this thread and those that it starts. x264 and FFmpeg count what they may use."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("preset", "crf"), [("ultrafast", 30), ("superfast", 22), ("veryfast", 1), ("medium", 51)])
def test_preset_and_crf_reach_x264(preset: Preset, crf: int, tmp_path: Path) -> None:
    told = x264_settings(encoded(EncoderConfig(preset=preset, crf=crf), tmp_path / "clip.mp4"))

    assert {name: told[name] for name in MARKS[preset]} == MARKS[preset]
    assert (told["rc"], float(told["crf"])) == ("crf", crf)


@pytest.mark.parametrize("encoding", get_args(Encoding))
def test_the_named_encodings_reach_x264(encoding: Encoding, tmp_path: Path) -> None:
    pair = ENCODINGS[encoding]
    told = x264_settings(encoded(EncoderConfig(preset=pair.preset, crf=pair.crf), tmp_path / "clip.mp4"))

    assert {name: told[name] for name in MARKS[pair.preset]} == MARKS[pair.preset]
    assert float(told["crf"]) == pair.crf


@pytest.mark.parametrize("preset", get_args(Preset))
def test_every_preset_is_one_of_x264s(preset: Preset) -> None:
    PyAvEncoder(EncoderConfig(preset=preset)).check()


@pytest.mark.parametrize("encoding", get_args(Encoding))
def test_the_same_clip_makes_the_same_bytes_on_any_number_of_cores(encoding: Encoding, tmp_path: Path) -> None:
    config = EncoderConfig(preset=ENCODINGS[encoding].preset, crf=ENCODINGS[encoding].crf)
    on_all = [encoded(config, tmp_path / "all.mp4") for _ in range(3)]

    with one_core():
        on_one = encoded(config, tmp_path / "one.mp4")

    assert set(on_all) == {on_one}


def test_a_webm_has_the_same_bytes_on_any_number_of_cores(tmp_path: Path) -> None:
    frames = panning(Resolution(768, 512), 33)  # a shorter or smaller one is the same on one thread as on several

    def written(name: str) -> bytes:
        clip = clip_of(geometry(768, 512, frames=33), [frames.reshape(-1).data])
        PyAvEncoder(EncoderConfig()).encode(clip, tmp_path / name, JobControl(), output_format=WEBM)
        return (tmp_path / name).read_bytes()

    on_all = written("all.webm")
    with one_core():
        assert written("one.webm") == on_all


def test_x264_works_on_eight_whole_frames_at_once_on_one_core_too(tmp_path: Path) -> None:
    with one_core():
        told = x264_settings(encoded(EncoderConfig(), tmp_path / "clip.mp4"))

    assert (told["threads"], told["sliced_threads"]) == ("8", "0")
