"""Requests that begin with a clip or a sound, as they are written in JSON."""

from typing import Any

import pytest

from adapters.wire.requests import decode_request
from domain.conditions import Strength
from domain.errors import InvalidInput
from domain.geometry import FrameCount
from domain.naming import ObjectPath
from domain.requests import ImageUrl
from domain.sizing import Seconds
from domain.source_media import AudioUrl, SourceTime, StoredAudio, StoredVideo, VideoUrl
from domain.source_requests import AudioToVideo, ExtendVideo, RetakeVideo, SourceRequest, VideoToVideo

VIDEO = {"prompt": "a lake", "video_url": "https://a.b/v"}
SOUND = {"prompt": "a lake", "mode": "a2v", "audio_url": "https://a.b/s"}


def decoded(fields: dict[str, Any]) -> SourceRequest:
    request = decode_request(fields)
    assert isinstance(request, SourceRequest)
    return request


def faults(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        decode_request(fields)
    return [str(fault) for fault in refused.value.faults]


def test_each_mode_takes_its_own_fields() -> None:
    like = decoded(VIDEO | {"mode": "v2v", "strength": 0.5})
    assert isinstance(like, VideoToVideo)
    assert (like.video, like.strength) == (VideoUrl("https://a.b/v"), Strength(0.5))
    longer = decoded(VIDEO | {"mode": "extend", "seconds": 2, "direction": "before"})
    assert isinstance(longer, ExtendVideo)
    assert (longer.direction, longer.given_as.seconds) == ("before", Seconds(2))
    again = decoded(VIDEO | {"mode": "retake", "start": 1, "end": 2.5, "replace": "audio"})
    assert isinstance(again, RetakeVideo)
    assert (again.start, again.end, again.replace) == (SourceTime(1), SourceTime(2.5), "audio")
    assert decoded(VIDEO | {"mode": "retake", "start": 0, "end": None}).length == "source"
    spoken = decoded(SOUND | {"image_url": "https://a.b/i", "image_crf": 20})
    assert isinstance(spoken, AudioToVideo)
    assert (spoken.audio_source, spoken.image) == (AudioUrl("https://a.b/s"), ImageUrl("https://a.b/i"))


def test_a_source_may_lie_in_the_workers_own_store() -> None:
    key = ObjectPath("inputs/a.mp4")
    stored = decoded({"prompt": "x", "mode": "v2v", "video_path": key.key})
    assert stored.source == StoredVideo(key)
    assert decoded({"prompt": "x", "mode": "a2v", "audio_path": key.key}).source == StoredAudio(key)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, {"fps", "length", "size"}),
        ({"fps": 24}, {"length", "size"}),
        ({"num_frames": 9}, {"fps", "size"}),
        ({"num_frames": None}, {"fps", "length", "size"}),
        ({"seconds": 1}, {"fps", "size"}),
        ({"width": 64}, {"fps", "length"}),
        ({"resolution": "480p"}, {"fps", "length"}),
        ({"aspect_ratio": "1:1"}, {"fps", "length"}),
        ({"resolution": None, "seconds": None}, {"fps", "length", "size"}),
    ],
)
def test_what_is_left_out_is_left_to_the_source(given: dict[str, Any], left: set[str]) -> None:
    request = decoded(VIDEO | {"mode": "v2v"} | given)
    assert set(request.left_out) == left
    assert (request.num_frames is None) == ("length" in left)


def test_the_length_of_an_extension_is_asked_for_and_that_of_a_retake_is_not() -> None:
    assert faults(**VIDEO, mode="extend") == [
        "seconds or num_frames is required: how much mode extend adds to the clip"
    ]
    assert faults(**VIDEO, mode="extend", num_frames=None, start=1) == [
        "seconds or num_frames is required: how much mode extend adds to the clip",
        "start belongs to mode retake",
    ]
    assert decoded(VIDEO | {"mode": "extend", "num_frames": 9}).num_frames == FrameCount(9)
    assert faults(**VIDEO, mode="retake", start=1, seconds=2) == [
        "seconds must be left out in mode retake: the clip keeps its length"
    ]
    assert faults(**VIDEO, mode="retake", start=1, num_frames=9) == [
        "num_frames must be left out in mode retake: the clip keeps its length"
    ]


def test_a_source_is_given_once() -> None:
    assert faults(prompt="x", mode="v2v") == ["video_url or video_path is required: the mode begins with a clip"]
    assert faults(**VIDEO, mode="v2v", video_path="a/b") == ["video_path must not be given together with video_url"]
    assert faults(prompt="x", mode="a2v") == [
        "audio_url or audio_path is required: mode a2v makes its picture to a sound"
    ]
    assert faults(**SOUND, image_url="https://a.b/i", image_path="a/b") == [
        "image_path must not be given together with image_url: exactly one is taken"
    ]


def test_faults_and_references_stand_under_the_requests_path() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_request({"prompt": "x", "mode": "extend"}, "batch[2]")
    assert [fault.path for fault in refused.value.faults] == ["batch[2].seconds", "batch[2].video_url"]
    request = decode_request(VIDEO | {"mode": "v2v"}, "batch[2]")
    assert request.source == VideoUrl("https://a.b/v", path="batch[2].video_url")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"video_url": ""}, "video_url must have 1 to 2048 characters, got 0"),
        ({"video_url": 5}, "video_url must be a string, got 5"),
        ({"strength": 1.5}, "strength must be from 0 to 1, got 1.5"),
        ({"audio": "loud"}, 'audio must be one of "generate", "off", "source", got "loud"'),
        ({"audio_url": "https://a.b/s"}, "audio_url belongs to mode a2v"),
        (
            {"output_format": "wav", "audio": "off"},
            'audio must not be "off" with output_format wav, which has nothing else',
        ),
    ],
)
def test_a_wrong_value_is_told(fields: dict[str, Any], told: str) -> None:
    assert faults(**(VIDEO | {"mode": "v2v"} | fields)) == [told]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"start": -1}, "start must be from 0 to 3600, got -1"),
        ({"start": True}, "start must be a number, got true"),
        ({"replace": "all"}, 'replace must be one of "video", "audio", "both", got "all"'),
    ],
)
def test_a_wrong_window_is_told(fields: dict[str, Any], told: str) -> None:
    assert faults(**(VIDEO | {"mode": "retake", "start": 1} | fields)) == [told]
