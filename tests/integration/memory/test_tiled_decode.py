"""Real decodes of the tiny VAE in tiles."""

from fractions import Fraction
from typing import Any

import pytest
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.tiling import tiled
from domain.activations import ModelDimensions
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.tiling import Tiling, decode_bytes, decode_tiling

MODEL = ModelDimensions()
SWITCHES = ("use_tiling", "use_framewise_decoding")
SIZES = tuple(f"tile_sample_{kind}_{axis}" for kind in ("min", "stride") for axis in ("height", "width", "num_frames"))


@pytest.fixture
def vae(components: Components) -> Any:
    return components.by_name["vae"]


def clip(width: int, height: int, frames: int) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(24)))


def latents(canvas: ClipGeometry) -> torch.Tensor:
    size = canvas.resolution
    shape = (1, 16, (canvas.frames - 1) // 8 + 1, size.height // 32, size.width // 32)
    return torch.randn(shape, generator=torch.Generator().manual_seed(2)).bfloat16()


def decoded(vae: Any, canvas: ClipGeometry) -> torch.Tensor:
    with torch.no_grad():
        picture: torch.Tensor = vae.decode(latents(canvas), None, return_dict=False)[0]
    return picture


@pytest.mark.parametrize("width", [928, 1376])
def test_widths_at_which_the_library_fails_decode_in_chosen_tiles(vae: Any, width: int) -> None:
    canvas = clip(width, 64, 1)
    vae.enable_tiling()
    with pytest.raises(RuntimeError, match="Padding size"):
        decoded(vae, canvas)
    vae.use_tiling = False
    tiling = decode_tiling(canvas, decode_bytes(canvas, None, MODEL) - 1, MODEL)
    assert tiling is not None
    assert tiling.width < width
    with tiled(vae, tiling):
        assert decoded(vae, canvas).shape == (1, 3, 1, 64, width)


@pytest.mark.parametrize(
    ("canvas", "tiling"),
    [
        (clip(544, 416, 9), Tiling(height=288, width=352, stride_height=224, stride_width=288)),
        (clip(64, 64, 89), Tiling(height=64, width=64, stride_height=64, stride_width=64, frames=40, stride_frames=16)),
        (clip(64, 64, 97), Tiling(height=64, width=64, stride_height=64, stride_width=64, frames=80, stride_frames=56)),
    ],
)
def test_tiles_make_the_whole_picture(vae: Any, canvas: ClipGeometry, tiling: Tiling) -> None:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    vae.decoder.register_forward_pre_hook(count)
    whole = decoded(vae, canvas)
    with tiled(vae, tiling):
        picture = decoded(vae, canvas)
    assert calls > 2
    assert picture.shape == whole.shape
    assert not torch.equal(picture, whole)
    assert (picture.float() - whole.float()).abs().mean() < whole.float().std()


def test_the_vae_is_as_before_afterwards_also_after_a_failure(vae: Any) -> None:
    before = {name: getattr(vae, name) for name in (*SWITCHES, *SIZES)}
    tiling = Tiling(height=64, width=96, stride_height=64, stride_width=64, frames=40, stride_frames=16)
    with pytest.raises(ZeroDivisionError), tiled(vae, tiling):
        assert vae.use_tiling
        assert vae.use_framewise_decoding
        assert (vae.tile_sample_min_width, vae.tile_sample_stride_num_frames) == (96, 16)
        _ = 1 / 0
    assert {name: getattr(vae, name) for name in (*SWITCHES, *SIZES)} == before


def test_no_tiling_decodes_whole_whatever_was_on(vae: Any) -> None:
    whole = decoded(vae, clip(128, 64, 9))
    vae.enable_tiling(64, 64, None, 32, 32)
    with tiled(vae, None):
        assert torch.equal(decoded(vae, clip(128, 64, 9)), whole)
    assert vae.use_tiling
