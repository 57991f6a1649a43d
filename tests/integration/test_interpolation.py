"""`interpolate` through the worker's edge, with the real encoder: frames, rate and sound of the file."""

import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from domain.media import OUTPUT_FORMATS
from tests.integration.test_formats import SMALL, Worker
from tests.support.edge import refused_paths
from tests.support.files import png_frames
from tests.support.videos import decoded, heard, summary


def kept(root: Path, name: str, **fields: object) -> tuple[Path, dict[str, object]]:
    worker = Worker(root)
    reply = worker.reply(output_format=name, **fields)
    assert reply["ok"] is True, reply
    target = root / f"{fields.get('interpolate')}{OUTPUT_FORMATS[name].suffix}"
    target.write_bytes(worker.store.objects[reply["storage"]["path"]].content)
    return target, reply["meta"]


def wav_of(file: Path) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read("sound.wav")


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_the_file_has_more_frames_and_the_same_sound(tmp_path: Path, name: str, factor: int) -> None:
    plain, before = kept(tmp_path, name, fps=12)
    smooth, meta = kept(tmp_path, name, fps=12, interpolate=factor)

    assert (meta["num_frames"], meta["fps"], meta["frame_rate"]) == (9 * factor, 12 * factor, f"{12 * factor}/1")
    assert meta["duration_seconds"] == before["duration_seconds"] == 0.75
    assert meta["interpolation"] == {"factor": factor, "by": "motion"}
    assert "interpolation" not in before
    assert meta["generated"] == before["generated"]
    match name:
        case "wav":
            assert smooth.read_bytes() == plain.read_bytes()
        case "png_sequence":
            frames, originals = list(png_frames(smooth)), list(png_frames(plain))
            assert len(frames) == 9 * factor
            assert all(np.array_equal(*pair) for pair in zip(frames[::factor], originals, strict=True))
            assert not np.array_equal(frames[1], frames[0])
            assert wav_of(smooth) == wav_of(plain)
        case "gif":
            assert len(decoded(smooth)) == 9 * factor
        case "webm":
            assert len(decoded(smooth)) == 9 * factor
            assert np.array_equal(heard(smooth), heard(plain))
        case _:
            found = summary(smooth)
            assert (found.frames, found.rate) == (9 * factor, Fraction(12 * factor))
            assert np.array_equal(heard(smooth), heard(plain))


def test_ntsc_rates_stay_exact(tmp_path: Path) -> None:
    file, meta = kept(tmp_path, "mp4", fps=23.976, interpolate=2)
    assert (meta["frame_rate"], summary(file).rate) == ("48000/1001", Fraction(48000, 1001))


def test_a_poster_counts_the_files_frames(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    reply = worker.reply(interpolate=4, poster=-1)
    assert reply["poster"]["frame"] == 35


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"interpolate": 3}, ["interpolate"]),
        ({"interpolate": "2"}, ["interpolate"]),
        ({"interpolate": True}, ["interpolate"]),
        ({"interpolate": 4, "fps": 60, "width": 1}, ["width", "interpolate"]),
        ({"interpolate": 4, "output_format": "gif", "file_name": "a.mp4"}, ["file_name"]),
        ({"interpolate": 4, "output_format": "gif", "fps": 20, "file_name": "a.mp4"}, ["interpolate", "file_name"]),
        ({"interpolate": 4, "output_format": "gif"}, ["interpolate"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_every_path(fields: dict[str, object], told: list[str]) -> None:
    assert refused_paths({**SMALL, **fields}) == told
