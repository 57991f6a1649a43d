"""A decode in tiles."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from domain.tiling import Tiling


@contextmanager
def tiled(vae: Any, tiling: Tiling | None) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """Decode inside in these tiles, or whole; the VAE is as before afterwards.

    Only ever round a decode: `use_framewise_decoding` also cuts what is encoded, and changes its latents (measured
    with diffusers 0.42.1). Set by attribute, for `enable_tiling` has no counterpart that restores the sizes.
    """
    changes = _as_attributes(tiling)
    before = {name: getattr(vae, name) for name in changes}
    try:
        _set(vae, changes)
        yield
    finally:
        _set(vae, before)


def _as_attributes(tiling: Tiling | None) -> dict[str, int | bool]:
    if tiling is None:
        return {"use_tiling": False, "use_framewise_decoding": False}
    changes: dict[str, int | bool] = {
        "use_tiling": True,
        "use_framewise_decoding": False,
        "tile_sample_min_height": tiling.height,
        "tile_sample_min_width": tiling.width,
        "tile_sample_stride_height": tiling.stride_height,
        "tile_sample_stride_width": tiling.stride_width,
    }
    if tiling.frames is not None and tiling.stride_frames is not None:
        changes["use_framewise_decoding"] = True
        changes["tile_sample_min_num_frames"] = tiling.frames
        changes["tile_sample_stride_num_frames"] = tiling.stride_frames
    return changes


def _set(vae: Any, values: dict[str, int | bool]) -> None:  # noqa: ANN401 - diffusers has no types
    for name, value in values.items():
        setattr(vae, name, value)
