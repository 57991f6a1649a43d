"""A whole job on production's wiring: real network classes, real codecs, real files. Only the weights are tiny."""

import base64
import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from container import Container
from tests.support.local_workers import answered_by, stored_file, tiny_worker
from tests.support.pictures import encoded, two_halves


@pytest.fixture(scope="module", params=["builtin/tiny", "builtin/tiny-2.3"])
def container(request: pytest.FixtureRequest, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    return tiny_worker(request.param, hub_cache, tmp_path_factory.mktemp("outputs"))


def reply_to(container: Container, job_id: str = "job-1", **fields: Any) -> dict[str, Any]:
    return answered_by(container, {"prompt": "a dog", "seed": 5, "steps": 2, **fields}, job_id)


@pytest.mark.parametrize(
    ("asked", "fps", "rate", "generated"),
    [
        ((500, 300, 50), 23.976, Fraction(24000, 1001), (512, 320, 57)),
        ((64, 64, 1), 60, Fraction(60), (64, 64, 9)),
        ((64, 64, 9), 1, Fraction(1), (64, 64, 9)),
        ((66, 130, 24), 12.5, Fraction(25, 2), (96, 160, 25)),
    ],
    ids=["off the grid at 23.976", "one frame at 60", "nine frames at 1", "a decimal rate"],
)
def test_the_file_is_exactly_what_was_asked_for(
    container: Container, asked: tuple[int, int, int], fps: float, rate: Fraction, generated: tuple[int, int, int]
) -> None:
    width, height, frames = asked
    reply = reply_to(container, width=width, height=height, num_frames=frames, fps=fps)
    assert reply["ok"] is True, reply
    path = stored_file(reply)
    assert path.stat().st_size == reply["storage"]["bytes"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == reply["storage"]["sha256"]
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        context = video.codec_context
        assert (video.width, video.height) == (width, height)
        assert (context.name, audio.codec_context.name, audio.codec_context.channels) == ("h264", "aac", 2)
        assert (context.color_range, context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1, 1)
        assert audio.codec_context.sample_rate == reply["meta"]["audio"]["sampling_rate"]
        assert video.average_rate == rate
        assert abs(seconds(video.duration, video.time_base) - seconds(audio.duration, audio.time_base)) <= 1 / rate
        pictures = [seconds(picture.pts, video.time_base) for picture in file.decode(video)]
    assert pictures == [index / rate for index in range(frames)]
    head = path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")
    meta = reply["meta"]
    assert (meta["width"], meta["height"], meta["num_frames"]) == asked
    assert Fraction(meta["frame_rate"]) == rate
    assert tuple(meta["generated"][key] for key in ("width", "height", "num_frames")) == generated


def test_a_b_a_gives_a_again_to_the_byte_of_the_file(container: Container, tmp_path: Path) -> None:
    first: dict[str, Any] = {"width": 96, "height": 64, "num_frames": 9}
    picture: dict[str, Any] = {"mode": "i2v", "image_base64": _picture(), **first, "seed": 9}
    replies = [reply_to(container, **fields) for fields in (first, picture, first, picture)]
    assert all(reply["ok"] for reply in replies)
    digests = [reply["storage"]["sha256"] for reply in replies]
    assert digests[:2] == digests[2:]
    assert digests[0] != digests[1]
    assert [reply["meta"]["cold"] for reply in replies[1:]] == [False] * 3


def test_a_seed_that_is_drawn_is_reported_and_makes_the_same_clip(container: Container) -> None:
    small: dict[str, Any] = {"width": 64, "height": 64, "num_frames": 9}
    drawn = reply_to(container, **small, seed=None)
    again = reply_to(container, **small, seed=drawn["meta"]["seed"])
    other = reply_to(container, **small, seed=None)
    assert again["storage"]["sha256"] == drawn["storage"]["sha256"] != other["storage"]["sha256"]


def test_one_step_is_refused_with_the_floor(container: Container) -> None:
    reply = reply_to(container, steps=1)
    assert (reply["code"], reply["error"]) == (
        "invalid_input", "Invalid input: steps must be at least 2 on this checkpoint's schedule, got 1",
    )  # fmt: skip


def seconds(ticks: int | None, time_base: Fraction | None) -> Fraction:
    assert ticks is not None
    assert time_base is not None
    return ticks * time_base


def _picture() -> str:
    return base64.b64encode(encoded(two_halves(80, 60))).decode("ascii")
