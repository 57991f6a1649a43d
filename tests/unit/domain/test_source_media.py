"""References to videos and sounds, and windows on them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from domain.errors import InvalidValue
from domain.geometry import Resolution
from domain.naming import ObjectPath
from domain.source_media import (
    AudioUrl,
    FrameWindow,
    MediaFile,
    SampleWindow,
    SourceAudio,
    SourceVideo,
    StoredAudio,
    StoredVideo,
    VideoUrl,
)

FILE = MediaFile(Path("clip"), "video_url", Fraction(0))
VIDEO = SourceVideo(
    media=FILE,
    rate=Fraction(24_000, 1001),
    is_constant=True,
    size=Resolution(64, 48),
    frames=48,
    duration=Fraction(1001, 500),
    audio=None,
)
FRAMES = VIDEO.window(0, 1)
SAMPLES = SampleWindow(start=Fraction(-1), samples=1, rate=1, channels=1)


def test_each_reference_names_its_field_and_hides_its_url() -> None:
    assert VideoUrl("https://a/?sig=x").path == "video_url"
    assert AudioUrl("https://a/?sig=x").path == "audio_url"
    assert StoredVideo(ObjectPath("a")).path == "video_path"
    assert StoredAudio(ObjectPath("a")).path == "audio_path"
    assert "sig" not in repr((VideoUrl("https://a/?sig=x"), AudioUrl("https://a/?sig=x")))


def test_a_video_has_windows_on_its_own_frames() -> None:
    window = VIDEO.window(24, 3)
    assert window == FrameWindow(start=Fraction(1001, 1000), frames=3, rate=VIDEO.rate, size=VIDEO.size)


def test_a_sound_lasts_as_long_as_its_samples() -> None:
    audio = SourceAudio(media=FILE, rate=48_000, channels=2, start=Fraction(0), samples=24_001)
    assert audio.duration == Fraction(24_001, 48_000)


@pytest.mark.parametrize(
    "wrong",
    [{"start": Fraction(-1, 9)}, {"frames": 0}, {"rate": Fraction(0)}, {"size": Resolution(0, 9)}],
)
def test_no_frames_at_no_time(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="must begin at 0"):
        attrs.evolve(FRAMES, **wrong)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"rate": 0}, {"channels": 0}, {"channels": 3}])
def test_no_samples_of_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="must have at least one sample"):
        attrs.evolve(SAMPLES, **wrong)
