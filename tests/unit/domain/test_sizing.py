"""Seconds become frames, named sizes become even sides of the right shape."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.geometry import MAX_SIDE, MIN_SIDE, FrameCount, FrameRate, Resolution, Side
from domain.limits import FULL_HD
from domain.sizing import (
    ASPECT_RATIOS,
    MAX_LENGTH,
    REPLACED,
    RESOLUTIONS,
    AspectRatio,
    Measures,
    ResolutionName,
    Seconds,
)

FPS_24 = FrameRate.from_number(24)


def shape_of(name: AspectRatio) -> Fraction:
    width, height = map(int, name.split(":"))
    return Fraction(width, height)


@pytest.mark.parametrize("aspect_ratio", ASPECT_RATIOS)
@pytest.mark.parametrize("resolution", [None, *RESOLUTIONS])
def test_every_combination_is_a_size_that_can_be_asked_for(
    resolution: ResolutionName | None, aspect_ratio: AspectRatio
) -> None:
    size = Measures(resolution=resolution, aspect_ratio=aspect_ratio).size
    assert size is not None
    assert all(Side(side).pixels % 2 == 0 and MIN_SIDE <= side <= MAX_SIDE for side in (size.width, size.height))
    assert abs(Fraction(size.width, size.height) / shape_of(aspect_ratio) - 1) < Fraction(15, 1000)
    if resolution is not None:
        assert f"{min(size.width, size.height)}p" == resolution
    else:
        assert abs(size.pixels / 512**2 - 1) < 0.01


@pytest.mark.parametrize(
    ("measures", "size"),
    [
        (Measures(resolution="480p"), Resolution(854, 480)),
        (Measures(resolution="540p"), Resolution(960, 540)),
        (Measures(resolution="720p", aspect_ratio="9:16"), Resolution(720, 1280)),
        (Measures(resolution="1080p", aspect_ratio="21:9"), Resolution(2520, 1080)),
        (Measures(resolution="1080p", aspect_ratio="3:4"), Resolution(1080, 1440)),
        (Measures(aspect_ratio="16:9"), Resolution(682, 384)),
        (Measures(aspect_ratio="1:1"), Resolution(512, 512)),
        (Measures(seconds=Seconds(2)), None),
    ],
)
def test_sizes_are_those_of_the_docs(measures: Measures, size: Resolution | None) -> None:
    assert measures.size == size


def test_all_but_the_widest_fit_the_default_limit() -> None:
    over = [
        (resolution, aspect_ratio)
        for resolution in RESOLUTIONS
        for aspect_ratio in ASPECT_RATIOS
        if (size := Measures(resolution=resolution, aspect_ratio=aspect_ratio).size) and size.pixels > FULL_HD.pixels
    ]
    assert over == [("1080p", "21:9")]


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [
        (2, 24, 48),
        (2.0, 24, 48),
        (5, 29.97, 150),  # 149.85
        (20, 23.976, 480),  # 479.52
        (0.1, 12.5, 1),  # 1.25
        (0.5, 25, 13),  # 12.5: half a frame up
        (1e-9, 1, 1),
        (5e-324, 120, 1),
        (3600, 120, 432_000),
    ],
)
def test_seconds_are_the_nearest_whole_number_of_frames(seconds: float, fps: float, frames: int) -> None:
    assert Seconds(seconds).frames_at(FrameRate.from_number(fps)) == FrameCount(frames)


@given(
    st.floats(min_value=0, max_value=MAX_LENGTH, exclude_min=True) | st.integers(min_value=1, max_value=MAX_LENGTH),
    st.floats(min_value=1, max_value=120) | st.sampled_from([23.976, 29.97, 59.94]),
)
def test_a_length_is_met_to_half_a_frame(seconds: float, fps: float) -> None:
    rate = FrameRate.from_number(fps)
    frames = Seconds(seconds).frames_at(rate).frames
    assert frames == 1 or abs(frames - Fraction(str(seconds)) * rate.rate) <= Fraction(1, 2)


@pytest.mark.parametrize("number", [0, -0.0, -1, 3600.001, float("inf"), float("nan")])
def test_other_lengths_are_no_lengths(number: float) -> None:
    with pytest.raises(InvalidValue, match="must be above 0 and at most 3600, got"):
        Seconds(number)


def test_what_was_given_is_told_by_its_fields() -> None:
    plain, both = Measures(), Measures(seconds=Seconds(1), resolution="720p", aspect_ratio="1:1")
    assert (plain.length_field, plain.size_fields) == ("num_frames", ("width", "height"))
    assert (both.length_field, both.size_fields) == ("seconds", ("resolution", "aspect_ratio"))
    assert Measures(aspect_ratio="1:1").size_fields == ("aspect_ratio",)
    assert (plain.frames_at(FPS_24), plain.size) == (None, None)
    assert {name for name in REPLACED if getattr(plain, name) is None} == {"seconds", "resolution", "aspect_ratio"}


def test_the_largest_name_within_a_number_of_pixels() -> None:
    wide = Measures(resolution="1080p", aspect_ratio="21:9")
    assert wide.largest_within(FULL_HD.pixels) == "720p"
    assert wide.largest_within(2520 * 1080) == "1080p"
    assert wide.largest_within(64 * 64) is None
    assert Measures(aspect_ratio="21:9").largest_within(FULL_HD.pixels) is None
