"""A convolution over time that keeps the frames it will need again."""

from typing import Any, Final

import torch
from typing_extensions import override

from adapters.video_model.diffusers.streaming.layers import StreamedLayer

KERNEL_FRAMES: Final = 3
"""Frames that each output frame is computed from: itself and one on either side."""


class StreamedConvolution(StreamedLayer):
    """`LTX2VideoCausalConv3d`, not causal: the first and the last frame of the clip stand for those beyond it."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._convolution: Final = layer.conv
        self._kept: torch.Tensor | None = None

    @override
    def __call__(self, frames: torch.Tensor | None, *, is_last: bool) -> torch.Tensor | None:
        known = self._with_kept(frames)
        if known is None:
            return None
        if is_last:
            known = torch.cat([known, known[:, :, -1:]], dim=2)
        is_enough = known.shape[2] >= KERNEL_FRAMES
        if is_last:
            self._kept = None
        else:  # a view would keep the others alive
            self._kept = known[:, :, 1 - KERNEL_FRAMES :].clone() if is_enough else known
        if not is_enough:
            return None
        convolved: torch.Tensor = self._convolution(known)
        return convolved

    def _with_kept(self, frames: torch.Tensor | None) -> torch.Tensor | None:
        if frames is None:
            return self._kept
        return torch.cat([frames[:, :, :1] if self._kept is None else self._kept, frames], dim=2)
