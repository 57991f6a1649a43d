"""Sides, frame counts, rates and durations."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Resolution, Side


@pytest.mark.parametrize(
    ("fps", "rate", "shown"),
    [
        (1, Fraction(1), 1),
        (5, Fraction(5), 5),
        (24, Fraction(24), 24),
        (24.0, Fraction(24), 24),
        (120, Fraction(120), 120),
        (12.5, Fraction(25, 2), 12.5),
        (23.976, Fraction(24000, 1001), 23.976),
        (23.98, Fraction(24000, 1001), 23.976),
        (23.97602397602398, Fraction(24000, 1001), 23.976),
        (29.97, Fraction(30000, 1001), 29.97),
        (30 / 1.001, Fraction(30000, 1001), 29.97),
        (29.966, Fraction(30000, 1001), 29.97),
        (29.965, Fraction(5993, 200), 29.965),
        (59.94, Fraction(60000, 1001), 59.94),
        (119.88, Fraction(120000, 1001), 119.88),
        (23.95, Fraction(479, 20), 23.95),
        (23.9815, Fraction(239815, 10000), 23.9815),
        (24.01, Fraction(2401, 100), 24.01),
        (33.333333, Fraction(33333333, 1000000), 33.333333),
        (15.1234567, Fraction(14501928, 958903), 15.123457),
    ],
)
def test_what_a_number_of_frames_per_second_means(fps: float, rate: Fraction, shown: float) -> None:
    frame_rate = FrameRate.from_number(fps)
    assert frame_rate.rate == rate
    assert frame_rate.number == shown


@pytest.mark.parametrize("fps", [0, 0.999, -24, 120.001, 121, float("nan"), float("inf"), float("-inf")])
def test_a_rate_outside_1_to_120_is_refused(fps: float) -> None:
    with pytest.raises(InvalidValue, match=r"^must be from 1 to 120, got "):
        FrameRate.from_number(fps)


def test_the_exact_rate_is_written_as_a_fraction() -> None:
    assert str(FrameRate.from_number(23.976)) == "24000/1001"
    assert str(FrameRate.from_number(24)) == "24/1"


@given(st.floats(min_value=1, max_value=120))
def test_any_rate_is_near_what_was_asked_and_fits_a_time_base(fps: float) -> None:
    rate = FrameRate.from_number(fps).rate
    assert abs(rate - Fraction(fps)) <= Fraction(5, 1000)
    assert rate.denominator <= 1_000_000


@given(st.integers(min_value=1, max_value=120))
def test_a_whole_rate_is_never_taken_for_an_ntsc_rate(fps: int) -> None:
    assert FrameRate.from_number(fps).rate == fps


@pytest.mark.parametrize("pixels", [64, 66, 512, 4096])
def test_even_sides_are_taken(pixels: int) -> None:
    assert Side(pixels).pixels == pixels


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (62, "must be from 64 to 4096, got 62"),
        (63, "must be from 64 to 4096, got 63"),
        (4097, "must be from 64 to 4096, got 4097"),
        (4098, "must be from 64 to 4096, got 4098"),
        (-512, "must be from 64 to 4096, got -512"),
        (511, "must be even, got 511 (nearest: 510 or 512)"),
        (65, "must be even, got 65 (nearest: 64 or 66)"),
    ],
)
def test_a_wrong_side_says_what_would_be_right(pixels: int, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Side(pixels)
    assert refused.value.message == message


def test_a_clip_has_at_least_one_frame() -> None:
    assert FrameCount(1).frames == 1
    with pytest.raises(InvalidValue, match="must be at least 1, got 0"):
        FrameCount(0)


def test_a_resolution_counts_and_writes_its_pixels() -> None:
    assert Resolution(1280, 720).pixels == 921_600
    assert str(Resolution(1280, 720)) == "1280x720"


def test_the_duration_is_exact() -> None:
    clip = ClipGeometry(Resolution(512, 512), 49, FrameRate.from_number(23.976))
    assert clip.duration == Fraction(49 * 1001, 24000)


@pytest.mark.parametrize(
    ("frames", "fps", "samples"), [(24, 24, 48_000), (1, 24, 2000), (49, 23.976, 98_098), (1, 7, 6857), (1, 11, 4364)]
)
def test_samples_are_rounded_to_the_nearest(frames: int, fps: float, samples: int) -> None:
    clip = ClipGeometry(Resolution(512, 512), frames, FrameRate.from_number(fps))
    assert clip.samples(48_000) == samples
