"""A step up in size or rate on pieces of a clip."""

import math
from typing import Any, Final

import torch
from typing_extensions import override

from adapters.video_model.diffusers.streaming.convolution import StreamedConvolution
from adapters.video_model.diffusers.streaming.layers import Delay, StreamedLayer


class StreamedUpsampler(StreamedLayer):
    """`LTX2VideoUpsampler3d`: channels become pixels and frames. Of a clip's first frame only the last copy stays."""

    def __init__(self, upsampler: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._stride: Final[tuple[int, int, int]] = tuple(upsampler.stride)
        self._repeats: Final[int] = math.prod(self._stride) // upsampler.upscale_factor
        self._convolution: Final = StreamedConvolution(upsampler.conv)
        self._inputs: Final = Delay() if upsampler.residual else None
        self._is_first = True

    @override
    def __call__(self, frames: torch.Tensor | None, *, is_last: bool) -> torch.Tensor | None:
        if self._inputs is not None:
            self._inputs.push(frames)
        convolved = self._convolution(frames, is_last=is_last)
        if convolved is None:
            return None
        hidden = unfolded(convolved, self._stride)
        if self._inputs is not None:
            inputs = unfolded(self._inputs.pop(convolved.shape[2]), self._stride)
            hidden = hidden + inputs.repeat(1, self._repeats, 1, 1, 1)
        if self._is_first:
            hidden = hidden[:, :, self._stride[0] - 1 :]
            self._is_first = False
        return hidden


def unfolded(frames: torch.Tensor, stride: tuple[int, int, int]) -> torch.Tensor:
    """(B, C * st * sh * sw, F, H, W) as (B, C, F * st, H * sh, W * sw), the channels in diffusers' order."""
    batch, _, count, height, width = frames.shape
    split = frames.reshape(batch, -1, *stride, count, height, width)
    return split.permute(0, 1, 5, 2, 6, 3, 7, 4).flatten(6, 7).flatten(4, 5).flatten(2, 3)


def unpatched(frames: torch.Tensor, size: int, size_in_time: int) -> torch.Tensor:
    """(B, C * t * p * p, F, H, W) as (B, C, F * t, H * p, W * p): the decoder's last step, whose order is another."""
    batch, _, count, height, width = frames.shape
    split = frames.reshape(batch, -1, size_in_time, size, size, count, height, width)
    return split.permute(0, 1, 5, 2, 6, 4, 7, 3).flatten(6, 7).flatten(4, 5).flatten(2, 3)
