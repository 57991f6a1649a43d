"""A residual block on pieces of a clip."""

from typing import Any, Final

import torch
from typing_extensions import override

from adapters.video_model.diffusers.streaming.convolution import StreamedConvolution
from adapters.video_model.diffusers.streaming.layers import Delay, StreamedLayer


class StreamedResidual(StreamedLayer):
    """`LTX2VideoResnetBlock3d` without timestep and noise: its input waits until both convolutions are through."""

    def __init__(self, block: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._block: Final = block
        self._first: Final = StreamedConvolution(block.conv1)
        self._second: Final = StreamedConvolution(block.conv2)
        self._inputs: Final = Delay()

    @override
    def __call__(self, frames: torch.Tensor | None, *, is_last: bool) -> torch.Tensor | None:
        block = self._block
        self._inputs.push(frames)
        hidden = None if frames is None else block.nonlinearity(block.norm1(frames))
        hidden = self._first(hidden, is_last=is_last)
        hidden = None if hidden is None else block.dropout(block.nonlinearity(block.norm2(hidden)))
        hidden = self._second(hidden, is_last=is_last)
        if hidden is None:
            return None
        inputs = self._inputs.pop(hidden.shape[2])
        if block.norm3 is not None:
            inputs = block.norm3(inputs.movedim(1, -1)).movedim(-1, 1)
        if block.conv_shortcut is not None:
            inputs = block.conv_shortcut(inputs)
        return hidden + inputs
