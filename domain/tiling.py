"""Into which tiles a decode is cut that does not fit whole. Arithmetic only.

The rules are diffusers' (`AutoencoderKLLTX2Video.tiled_decode`, 0.42.1): a tile begins at every multiple of the
stride that lies inside the latent, so the last one is what is left. With its default of 512 pixels every 448 that is
a single latent at 928 or 1376 pixels, narrower than the padding of 2.0's decoder, which then fails. Here the stride
follows from the size, so that the last tile is never a sliver.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

import attrs

from domain.activations import (
    LATENT_FRAMES,
    LATENT_SIDE,
    PICTURE_VALUES,
    ModelDimensions,
    latent_frames,
    latent_side,
    vae_bytes,
)
from domain.geometry import ClipGeometry

_OVERLAP: Final = 2
"""Latents that neighbouring tiles share, 64 pixels: Lightricks' own (`TilingConfig` of ltx-core, 64 of 768)."""
_LEAST_STRIDE: Final = 6
"""Tiles under 256 pixels are mostly overlap, and the tiles' seams crowd."""
LARGEST_LEAN_TILE: Final = 13
"""Latents of the finest cut's tile at any side up to 4096 (asserted in the tests)."""

_WINDOWS: Final = ((10, 7), (5, 2))
"""Latents of a window in time and of its stride. First the makers' 80 frames with 24 shared, then half of it; smaller
windows flicker (ComfyUI-LTXVideo 09b90d0)."""

_LEAN_OVERHEAD: Final = (1 + _OVERLAP / _LEAST_STRIDE) ** 2
"""Pixels of all tiles over pixels of the picture, at most: each stride adds one overlap, on both axes."""
_LEAN_WINDOW_OVERHEAD: Final = 2.5
"""Frames of all windows over frames of the clip, at most: 5 of 2."""


@attrs.frozen(kw_only=True)
class Tiling:
    """Tiles of a decode: sides and strides in pixels (multiples of 32), frames in multiples of 8.

    A side that is not cut has a tile and a stride of its own length. `frames` None: not cut in time.
    """

    height: int
    width: int
    stride_height: int
    stride_width: int
    frames: int | None = None
    stride_frames: int | None = None


@attrs.frozen
class _Cut:
    """How one axis of `length` latents is cut. `stride` is at most `tile`."""

    length: int
    tile: int
    stride: int

    @property
    def covered(self) -> int:
        """Latents of all tiles together; each overlap counts twice."""
        return sum(min(self.tile, self.length - start) for start in range(0, self.length, self.stride))


def decode_tiling(canvas: ClipGeometry, free: int, model: ModelDimensions) -> Tiling | None:
    """The coarsest cut with which a decode of `canvas` fits into `free` bytes; None: no cut is needed.

    Each seam changes the picture a little, so large tiles come first, and time is cut only if no cut in space is
    enough. If nothing fits, the leanest cut: the caller has refused what cannot fit (`MemoryBudget.fits`).
    """
    options = [(tiling, decode_bytes(canvas, tiling, model)) for tiling in _tilings(canvas)]
    for tiling, needed in options:
        if needed <= free:
            return tiling
    return min(options, key=lambda option: option[1])[0]


def decode_bytes(canvas: ClipGeometry, tiling: Tiling | None, model: ModelDimensions) -> int:
    """Working memory of a decode of `canvas`, the finished picture included."""
    size = canvas.resolution
    if tiling is None:
        return vae_bytes(size.width, size.height, canvas.frames, model)
    down = _Cut(latent_side(size.height), tiling.height // LATENT_SIDE, tiling.stride_height // LATENT_SIDE)
    across = _Cut(latent_side(size.width), tiling.width // LATENT_SIDE, tiling.stride_width // LATENT_SIDE)
    frames = canvas.frames if tiling.frames is None else min(canvas.frames, tiling.frames + 1)
    tile = vae_bytes(min(tiling.width, size.width), min(tiling.height, size.height), min(frames, canvas.frames), model)
    overhead = down.covered * across.covered / (down.length * across.length)
    needed = _collected(tile, size.pixels * frames, overhead, model)
    if tiling.frames is None or tiling.stride_frames is None:
        return needed
    # A window of n latents gives 8(n-1) frames, one more in the first.
    time = _Cut(latent_frames(canvas.frames) - 1, tiling.frames // LATENT_FRAMES, tiling.stride_frames // LATENT_FRAMES)
    return _collected(needed, size.pixels * canvas.frames, time.covered / time.length, model)


def lean_decode_bytes(canvas: ClipGeometry, model: ModelDimensions) -> int:
    """A bound of what the leanest decode needs, which never falls when the clip grows.

    The exact need (`decode_bytes`) rises and falls by a few per cent from side to side, as tiles divide them.
    """
    size, side = canvas.resolution, LARGEST_LEAN_TILE * LATENT_SIDE
    width, height = min(size.width, side), min(size.height, side)
    whole = vae_bytes(size.width, size.height, canvas.frames, model)
    tile = vae_bytes(width, height, canvas.frames, model)
    spatial = _collected(tile, size.pixels * canvas.frames, _LEAN_OVERHEAD, model)
    shortest = min(canvas.frames, _WINDOWS[-1][0] * LATENT_FRAMES + 1)
    inner = _collected(vae_bytes(width, height, shortest, model), size.pixels * shortest, _LEAN_OVERHEAD, model)
    temporal = _collected(inner, size.pixels * canvas.frames, _LEAN_WINDOW_OVERHEAD, model)
    return min(whole, spatial, temporal)


def _collected(piece: int, pixels: int, overhead: float, model: ModelDimensions) -> int:
    """The peak where pieces are kept in a list: the last one being made, or rows and picture joined from them."""
    picture = pixels * PICTURE_VALUES * model.value_bytes
    return max(piece + int(picture * overhead), int(picture * (overhead + 2)))


def _tilings(canvas: ClipGeometry) -> Iterator[Tiling | None]:
    """Every cut that may be chosen, from none at all to the finest."""
    rows = _cuts(latent_side(canvas.resolution.height))
    columns = _cuts(latent_side(canvas.resolution.width))
    limits = sorted({cut.tile for cut in (*rows, *columns)}, reverse=True)
    spatial = list(dict.fromkeys((_within(rows, limit), _within(columns, limit)) for limit in limits))
    for down, across in spatial:
        is_whole = down.tile == down.length and across.tile == across.length
        yield None if is_whole else _tiling(down, across)
    windows = [cut for cut in (_window(canvas.frames, *window) for window in _WINDOWS) if cut is not None]
    for window, (down, across) in product(windows, spatial):
        yield _tiling(down, across, window)


def _tiling(down: _Cut, across: _Cut, window: _Cut | None = None) -> Tiling:
    return Tiling(
        height=down.tile * LATENT_SIDE,
        width=across.tile * LATENT_SIDE,
        stride_height=down.stride * LATENT_SIDE,
        stride_width=across.stride * LATENT_SIDE,
        frames=None if window is None else window.tile * LATENT_FRAMES,
        stride_frames=None if window is None else window.stride * LATENT_FRAMES,
    )


def _cuts(length: int) -> list[_Cut]:
    """The ways to cut an axis, the coarsest first: whole, in two, in three and so on.

    Equal parts rounded up, and only those whose last part is at least half a stride, and two latents.
    """
    cuts = [_Cut(length, length, length)]
    for parts in range(2, length // _LEAST_STRIDE + 2):
        stride = -(-length // parts)
        last = length - (-(-length // stride) - 1) * stride
        cut = _Cut(length, stride + _OVERLAP, stride)
        if stride >= _LEAST_STRIDE and cut.tile < length and last >= max(2, stride / 2) and cut not in cuts:
            cuts.append(cut)
    return cuts


def _within(cuts: list[_Cut], limit: int) -> _Cut:
    """The coarsest cut whose tiles have at most `limit` latents, else the finest."""
    return next((cut for cut in cuts if cut.tile <= limit), cuts[-1])


def _window(frames: int, tile: int, stride: int) -> _Cut | None:
    """The cut in time; None for a clip that the first window holds whole: diffusers gives it one latent more."""
    length = latent_frames(frames)
    return _Cut(length, tile, stride) if length > tile + 1 else None
