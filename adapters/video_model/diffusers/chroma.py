"""Frames as a video codec takes them: half the bytes of RGB to copy to the host, and nothing left to convert there."""

from typing import Final

import torch

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
"""Luma coefficients of ITU-R BT.709-6, item 3.2."""
_BLACK, _LUMA_RANGE = 16, 219
_NEUTRAL, _CHROMA_RANGE = 128, 224
"""Limited range in 8 bits: ITU-R BT.709-6, item 4.6."""
_ROWS: Final = (1 / 8, 3 / 8, 3 / 8, 1 / 8)
"""What swscale weighs the rows of a chroma sample with (bilinear, measured by its impulse response); beside each other
it takes the mean of two pixels. Frames are the same, but for a level, wherever they are converted."""


def yuv420p(frames: torch.Tensor) -> torch.Tensor:
    """`frames` (F, H, W, 3), uint8 RGB, as (F, H * 3/2, W): Y, then U and V in rows of W, on the same device.

    BT.709, limited range. H and W are even; the planes lie one behind the other, without gaps.
    """
    count, height, width, _ = frames.shape
    red, green, blue = (frames[..., channel].float().div_(255) for channel in range(3))
    luma = _RED * red + _GREEN * green + _BLUE * blue
    planes = (
        _level(luma, _LUMA_RANGE, _BLACK),
        _level(_halved((blue - luma).div_(2 * (1 - _BLUE))), _CHROMA_RANGE, _NEUTRAL),
        _level(_halved((red - luma).div_(2 * (1 - _RED))), _CHROMA_RANGE, _NEUTRAL),
    )
    return torch.cat([plane.reshape(count, -1) for plane in planes], dim=1).view(count, height * 3 // 2, width)


def _halved(plane: torch.Tensor) -> torch.Tensor:
    """(F, H, W) as (F, H/2, W/2)."""
    narrow = (plane[..., ::2] + plane[..., 1::2]).mul_(0.5)
    rows = torch.cat([narrow[:, :1], narrow, narrow[:, -1:]], dim=1)
    height = plane.shape[1]
    taps = [weight * rows[:, first : first + height : 2] for first, weight in enumerate(_ROWS)]
    return taps[0] + taps[1] + taps[2] + taps[3]


def _level(plane: torch.Tensor, span: int, zero: int) -> torch.Tensor:
    return (plane * span).add_(zero).round_().to(torch.uint8)
