"""How a decode is cut into tiles."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activations import ModelDimensions, vae_bytes
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.tiling import LARGEST_LEAN_TILE, Tiling, decode_bytes, decode_tiling, lean_decode_bytes

MODEL = ModelDimensions()
GIB = 1 << 30
SIDES = range(64, 4097, 32)


def clip(width: int, height: int, frames: int) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(24)))


clips = st.builds(clip, st.sampled_from(SIDES), st.sampled_from(SIDES), st.integers(0, 128).map(lambda k: 8 * k + 1))


def tiles(length: int, tile: int, stride: int) -> list[tuple[int, int]]:
    """Where diffusers' loop begins and ends each tile, in latents."""
    return [(start, min(start + tile, length)) for start in range(0, length, stride)]


def assert_sound(side: int, tile: int, stride: int) -> None:
    assert tile % 32 == stride % 32 == 0
    cut = tiles(side // 32, tile // 32, stride // 32)
    assert cut[0][0] == 0
    assert cut[-1][1] == side // 32
    assert all(earlier[1] >= later[0] + min(2, later[1] - later[0]) for earlier, later in pairwise(cut))
    last = cut[-1][1] - cut[-1][0]
    assert last >= 2
    assert last >= stride / 64


@pytest.mark.parametrize("free", [0, GIB // 4, GIB, 4 * GIB])
@pytest.mark.parametrize("frames", [1, 9, 121])
def test_tiles_cover_every_side_and_the_last_one_is_never_a_sliver(frames: int, free: int) -> None:
    for side in SIDES:
        canvas = clip(side, 576, frames)
        tiling = decode_tiling(canvas, free, MODEL)
        if tiling is None:
            assert decode_bytes(canvas, None, MODEL) <= free or side * 576 <= 320 * 320 * 4
            continue
        assert_sound(side, tiling.width, tiling.stride_width)
        assert_sound(576, tiling.height, tiling.stride_height)


def test_the_librarys_own_cut_is_one_latent_wide_where_it_is_known_to_fail() -> None:
    for side in (928, 1376):
        assert tiles(side // 32, 16, 14)[-1] == (side // 32 - 1, side // 32)
        tiling = decode_tiling(clip(side, 512, 121), 3 * GIB, MODEL)
        assert tiling is not None
        assert tiling.width < side
        assert_sound(side, tiling.width, tiling.stride_width)


@given(clips, st.integers(0, 64 * GIB))
def test_a_cut_fits_whenever_the_lean_bound_does(canvas: ClipGeometry, free: int) -> None:
    needed = decode_bytes(canvas, decode_tiling(canvas, free, MODEL), MODEL)
    if lean_decode_bytes(canvas, MODEL) <= free:
        assert needed <= free


@given(clips, st.sampled_from(["width", "height", "frames"]))
def test_the_lean_bound_never_falls_when_the_clip_grows(canvas: ClipGeometry, grows: str) -> None:
    size, frames = canvas.resolution, canvas.frames
    larger = clip(
        size.width + 32 * (grows == "width"), size.height + 32 * (grows == "height"), frames + 8 * (grows == "frames")
    )
    assert lean_decode_bytes(canvas, MODEL) <= lean_decode_bytes(larger, MODEL)


def test_large_tiles_come_first_and_time_is_cut_last() -> None:
    canvas = clip(1920, 1088, 121)
    chosen = [decode_tiling(canvas, free * GIB, MODEL) for free in (24, 10, 6)]
    assert chosen == [
        None,
        Tiling(height=608, width=1024, stride_height=544, stride_width=960),
        Tiling(height=608, width=544, stride_height=544, stride_width=480),
    ]
    assert decode_tiling(clip(1920, 1088, 481), 26 * GIB, MODEL) == Tiling(
        height=608, width=704, stride_height=544, stride_width=640
    )
    long_and_small = decode_tiling(clip(256, 256, 961), 2 * GIB, MODEL)
    assert long_and_small == Tiling(
        height=256, width=256, stride_height=256, stride_width=256, frames=80, stride_frames=56
    )


def test_a_decode_that_never_fits_gets_the_leanest_cut() -> None:
    canvas = clip(1920, 1088, 121)
    leanest = decode_bytes(canvas, decode_tiling(canvas, 0, MODEL), MODEL)
    others = [decode_tiling(canvas, free, MODEL) for free in range(0, 24 * GIB, GIB)]
    assert leanest == min(decode_bytes(canvas, tiling, MODEL) for tiling in others)


def test_the_finest_cut_is_as_fine_as_the_bound_says_at_every_side() -> None:
    for side in SIDES:
        tiling = decode_tiling(clip(side, side, 9), 0, MODEL)
        width = side if tiling is None else tiling.width
        assert width <= LARGEST_LEAN_TILE * 32 or lean_decode_bytes(clip(side, side, 9), MODEL) >= decode_bytes(
            clip(side, side, 9), tiling, MODEL
        )


def test_the_bytes_of_a_cut_are_the_tiles_beside_what_they_have_made() -> None:
    tile, picture = vae_bytes(512, 512, 9, MODEL), 1024 * 512 * 9 * 3 * 2
    tiling = Tiling(height=512, width=512, stride_height=512, stride_width=480)
    rows = picture * (16 + 16 + 2) / 32  # three tiles: 0 … 16, 15 … 31, 30 … 32
    assert decode_bytes(clip(1024, 512, 9), tiling, MODEL) == pytest.approx(tile + rows)


def test_the_picture_that_is_joined_from_small_tiles_is_the_peak() -> None:
    picture = 1024 * 1024 * 9 * 3 * 2
    tiling = Tiling(height=256, width=256, stride_height=192, stride_width=192)
    overhead = (42 / 32) ** 2  # 8 latents at 0, 6, 12, 18, 24 and 2 at 30
    assert decode_bytes(clip(1024, 1024, 9), tiling, MODEL) == pytest.approx(picture * (overhead + 2))


def test_windows_are_kept_until_the_last_one_is_made() -> None:
    picture = 64 * 64 * 3 * 2
    tiling = Tiling(height=64, width=64, stride_height=64, stride_width=64, frames=40, stride_frames=16)
    window = vae_bytes(64, 64, 41, MODEL) + 41 * picture
    overhead = 24 / 11  # 5 latents at 0, 2, 4 and 6, 3 at 8, 1 at 10
    assert decode_bytes(clip(64, 64, 89), tiling, MODEL) == pytest.approx(window + 89 * picture * overhead, abs=2)
