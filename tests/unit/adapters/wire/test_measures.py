"""Seconds, resolution and aspect ratio in a request: what they become, and what they do not go with."""

import json
from typing import Any

import pytest

from adapters.wire.requests import decode_request
from application.job import Job
from domain.geometry import FrameCount, FrameRate, Side
from domain.profile import ModelIdentity
from domain.record import fingerprint
from domain.sizing import ASPECT_RATIOS, RESOLUTIONS, Measures, Seconds
from tests.unit.adapters.wire.payloads import HUGE, refused, with_prompt

MODEL = ModelIdentity(name="m", revision="1", family="ltx-2")


def test_they_become_frames_and_pixels() -> None:
    request = decode_request(with_prompt(seconds=5, fps=29.97, resolution="720p", aspect_ratio="9:16"))
    assert request.fps == FrameRate.from_number(29.97)
    assert (request.num_frames, request.width, request.height) == (FrameCount(150), Side(720), Side(1280))
    assert request.given_as == Measures(seconds=Seconds(5), resolution="720p", aspect_ratio="9:16")


def test_each_alone_leaves_the_others_defaults() -> None:
    default = decode_request(with_prompt())
    by_seconds, by_name = decode_request(with_prompt(seconds=0.5)), decode_request(with_prompt(resolution="480p"))
    shaped = decode_request(with_prompt(aspect_ratio="3:4"))
    assert (by_seconds.num_frames, by_seconds.width) == (FrameCount(12), default.width)
    assert (by_name.num_frames, by_name.width, by_name.height) == (default.num_frames, Side(854), Side(480))
    assert (shaped.width, shaped.height) == (Side(444), Side(592))


def test_frames_are_counted_at_the_default_rate_and_at_any_other() -> None:
    assert decode_request(with_prompt(seconds=2)).num_frames == FrameCount(48)
    assert decode_request(with_prompt(seconds=2, fps=30)).num_frames == FrameCount(60)


@pytest.mark.parametrize("mode", [{}, {"mode": "i2v", "image_url": "https://example.com/a.png"}])
def test_they_are_the_same_request_as_what_they_stand_for(mode: dict[str, Any]) -> None:
    """For the record, for a drawn seed, and for whoever compares."""
    worded = decode_request(with_prompt(**mode, seconds=2, resolution="720p"))
    plain = decode_request(with_prompt(**mode, num_frames=48, width=1280, height=720))
    assert worded == plain
    assert fingerprint(worded, MODEL) == fingerprint(plain, MODEL)
    job = Job(id="j", may_return=True)
    assert job.seed_for(worded) == job.seed_for(plain)
    other = decode_request(with_prompt(**mode, seconds=2.5, resolution="720p"))
    assert fingerprint(other, MODEL) != fingerprint(plain, MODEL)
    assert job.seed_for(other) != job.seed_for(plain)


@pytest.mark.parametrize("name", ["seconds", "resolution", "aspect_ratio"])
def test_null_is_left_out(name: str) -> None:
    full = with_prompt(**{name: None}, num_frames=9, width=64, height=66)
    assert decode_request(full) == decode_request(with_prompt(num_frames=9, width=64, height=66))


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"seconds": 2, "num_frames": 48}, ["seconds must not be given together with num_frames, which it replaces"]),
        ({"seconds": 2, "num_frames": None}, ["seconds must not be given together with num_frames, which it replaces"]),
        (
            {"resolution": "720p", "width": 1280, "height": 720},
            ["resolution must not be given together with height and width, which it replaces"],
        ),
        (
            {"aspect_ratio": "1:1", "width": 512},
            ["aspect_ratio must not be given together with width, which it replaces"],
        ),
        (
            {"seconds": 2, "num_frames": 0, "resolution": "720p", "aspect_ratio": "1:1", "height": 511},
            [
                "num_frames must be at least 1, got 0",
                "height must be even, got 511 (nearest: 510 or 512)",
                "seconds must not be given together with num_frames, which it replaces",
                "resolution must not be given together with height, which it replaces",
                "aspect_ratio must not be given together with height, which it replaces",
            ],
        ),
        ({"seconds": "2"}, ['seconds must be a number, got "2"']),
        ({"seconds": True}, ["seconds must be a number, got true"]),
        ({"seconds": HUGE}, ["seconds must be a number of at most 64 bits, got a larger one"]),
        ({"seconds": float("nan")}, ["seconds must be a number, got NaN"]),
        ({"seconds": 0}, ["seconds must be above 0 and at most 3600, got 0"]),
        ({"seconds": 3601}, ["seconds must be above 0 and at most 3600, got 3601"]),
        ({"resolution": 720}, ["resolution must be a string, got 720"]),
        ({"resolution": "4k"}, ['resolution must be one of "480p", "540p", "720p", "1080p", got "4k"']),
        (
            {"aspect_ratio": "16/9"},
            ['aspect_ratio must be one of "16:9", "9:16", "1:1", "4:3", "3:4", "21:9", got "16/9"'],
        ),
        ({"given_as": {"seconds": 2}}, ["given_as is not a known field"]),
        ({"second": 2}, ["second is not a known field (did you mean seconds?)"]),
    ],
)
def test_what_is_refused(fields: dict[str, Any], messages: list[str]) -> None:
    assert refused(with_prompt(**fields)) == messages


def test_they_are_told_where_the_request_stands() -> None:
    assert refused(with_prompt(seconds=-1, num_frames=1, resolution=1), "batch[2]") == [
        "batch[2].seconds must be above 0 and at most 3600, got -1",
        "batch[2].seconds must not be given together with num_frames, which it replaces",
        "batch[2].resolution must be a string, got 1",
    ]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("aspect_ratio", ASPECT_RATIOS)
def test_every_name_is_taken_as_json_has_it(resolution: str, aspect_ratio: str) -> None:
    raw = json.loads(json.dumps(with_prompt(resolution=resolution, aspect_ratio=aspect_ratio)))
    size = decode_request(raw).geometry.resolution
    assert f"{min(size.width, size.height)}p" == resolution
