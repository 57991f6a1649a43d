"""The grid of LTX-2 and its roundings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.grid import CropBox, Grid, audio_latents, centre_crop


def _clip(width: int, height: int, frames: int, fps: float) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate.from_number(fps))


@pytest.mark.parametrize(("frames", "generated"), [(1, 1), (2, 9), (8, 9), (9, 9), (10, 17), (49, 49), (50, 57)])
def test_frames_go_up_to_the_next_8k_plus_1(frames: int, generated: int) -> None:
    assert Grid().frames_up(frames) == generated


@pytest.mark.parametrize(("side", "spacing", "generated"), [(64, 32, 64), (66, 32, 96), (512, 32, 512), (514, 64, 576)])
def test_sides_go_up_to_the_next_multiple(side: int, spacing: int, generated: int) -> None:
    assert Grid(spatial=spacing).side_up(side) == generated


@given(st.integers(min_value=1, max_value=5000))
def test_the_next_grid_frames_are_the_nearest_above(frames: int) -> None:
    up = Grid().frames_up(frames)
    assert up % 8 == 1
    assert frames <= up < frames + 8


@given(st.integers(min_value=64, max_value=4096), st.sampled_from([32, 64]))
def test_the_next_grid_side_is_the_nearest_above(side: int, spacing: int) -> None:
    up = Grid(spatial=spacing).side_up(side)
    assert up % spacing == 0
    assert side <= up < side + spacing


@pytest.mark.parametrize(
    ("frames", "fps", "generated"),
    [
        (1, 24, 1),
        (1, 49, 1),
        (1, 50, 9),  # 1 / 50 * 25 = 0.5 rounds to 0: halves go to even
        (1, 60, 9),
        (1, 120, 9),
        (2, 120, 9),
        (9, 120, 9),
    ],
)
def test_a_grid_point_without_an_audio_latent_gives_way_to_the_next(frames: int, fps: float, generated: int) -> None:
    assert Grid().geometry_up(_clip(512, 512, frames, fps)).frames == generated


def test_audio_latents_follow_diffusers_formula_in_floats() -> None:
    assert audio_latents(49, _clip(512, 512, 49, 24)) == 51
    assert audio_latents(121, _clip(512, 512, 121, 23.976)) == 126
    assert audio_latents(3, _clip(512, 512, 3, 30)) == 2  # 2.5: halves to even
    assert audio_latents(1, _clip(512, 512, 1, 60)) == 0


@given(
    st.integers(min_value=32, max_value=2048),
    st.integers(min_value=32, max_value=2048),
    st.integers(min_value=1, max_value=2000),
    st.floats(min_value=1, max_value=120),
)
def test_the_grid_point_covers_what_was_asked_and_can_be_generated(
    half_width: int, half_height: int, frames: int, fps: float
) -> None:
    asked = _clip(2 * half_width, 2 * half_height, frames, fps)
    canvas = Grid().geometry_up(asked)
    assert canvas.resolution == Resolution(Grid().side_up(2 * half_width), Grid().side_up(2 * half_height))
    assert canvas.frames % 8 == 1
    assert canvas.frames >= asked.frames
    assert canvas.frame_rate == asked.frame_rate
    assert audio_latents(canvas.frames, asked) >= 1
    assert canvas.frames == Grid().frames_up(frames) or audio_latents(canvas.frames - 8, asked) == 0


def test_the_crop_is_centred() -> None:
    assert centre_crop(Resolution(1280, 736), Resolution(1280, 720)) == CropBox(left=0, top=8, width=1280, height=720)
    assert centre_crop(Resolution(96, 96), Resolution(90, 66)) == CropBox(left=3, top=15, width=90, height=66)


def test_an_odd_remainder_leaves_the_extra_pixel_right_and_below() -> None:
    assert centre_crop(Resolution(101, 103), Resolution(100, 100)) == CropBox(left=0, top=1, width=100, height=100)
