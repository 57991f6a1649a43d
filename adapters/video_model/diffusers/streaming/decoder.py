"""The decoder as a stream: latents in, pictures out as soon as they can be computed."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs
import torch
from typing_extensions import override

from adapters.video_model.diffusers.streaming.convolution import StreamedConvolution
from adapters.video_model.diffusers.streaming.layers import StreamedLayer
from adapters.video_model.diffusers.streaming.residual import StreamedResidual
from adapters.video_model.diffusers.streaming.upsampling import StreamedUpsampler, unpatched

LATENTS_AT_ONCE: Final = 1
"""Latents fed at a time, 8 frames. With 2 a decode holds 1.6 times the memory, with 4 nearly three times (measured)."""


@torch.no_grad()
def decode_stream(
    decoder: Any,  # noqa: ANN401 - diffusers has no types
    latents: torch.Tensor,
    at_once: int = LATENTS_AT_ONCE,
    check: Callable[[], None] = lambda: None,
) -> Iterator[torch.Tensor]:
    """Decode `latents` (1, C, F', H', W'), denormalised and in the decoder's dtype, in pieces (1, 3, F, H, W).

    A piece has at most 8 frames for each of the `at_once` latents, and is the caller's. The first comes when enough
    latents were fed to know it, 14 (2.3, 2.5) or 22 (2.0), or all of them. `check` is called before each latent, and
    may raise. `decoder` is one that `coverage.covers`.
    """
    stages = _stages(decoder, at_once)
    pieces = latents.split(at_once, dim=2)  # type: ignore[no-untyped-call]  # torch has no types here
    for number, piece in enumerate(pieces, start=1):
        check()
        yield from _through(stages, piece, is_last=number == len(pieces))


@attrs.frozen
class _Stage:
    layer: StreamedLayer
    most: int
    """Frames that the layer is given at a time. Those before it have more when the clip ends."""


def _stages(decoder: Any, at_once: int) -> tuple[_Stage, ...]:  # noqa: ANN401 - diffusers has no types
    """The decoder's layers in the order of `LTX2VideoDecoder3d.forward`, and of its blocks'."""
    most = at_once
    stages = [_Stage(StreamedConvolution(decoder.conv_in), most)]
    stages += [_Stage(StreamedResidual(block), most) for block in decoder.mid_block.resnets]
    for up_block in decoder.up_blocks:
        if up_block.conv_in is not None:
            stages.append(_Stage(StreamedResidual(up_block.conv_in), most))
        for upsampler in up_block.upsamplers or ():
            stages.append(_Stage(StreamedUpsampler(upsampler), most))
            most *= upsampler.stride[0]
        stages += [_Stage(StreamedResidual(block), most) for block in up_block.resnets]
    return (*stages, _Stage(_Output(decoder), most))


def _through(stages: Sequence[_Stage], frames: torch.Tensor | None, *, is_last: bool) -> Iterator[torch.Tensor]:
    """Give `frames` to the first stage, what comes out to the next, and so on; what leaves the last is yielded.

    A piece is through before the next one is begun, and nobody holds on to what was handed over.
    """
    if not stages:
        if frames is not None:
            yield frames
        return
    first, rest = stages[0], stages[1:]
    pieces = deque([None] if frames is None else frames.split(first.most, dim=2))  # type: ignore[no-untyped-call]  # as above
    del frames
    while pieces:
        computed = first.layer(pieces.popleft(), is_last=is_last and not pieces)
        if computed is None and not (is_last and not pieces):
            continue
        handed = [computed]
        del computed
        yield from _through(rest, handed.pop(), is_last=is_last and not pieces)


class _Output(StreamedLayer):
    """Norm, activation, last convolution, and the patches laid out as a picture."""

    def __init__(self, decoder: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._decoder: Final = decoder
        self._convolution: Final = StreamedConvolution(decoder.conv_out)

    @override
    def __call__(self, frames: torch.Tensor | None, *, is_last: bool) -> torch.Tensor | None:
        decoder = self._decoder
        hidden = None if frames is None else decoder.conv_act(decoder.norm_out(frames))
        hidden = self._convolution(hidden, is_last=is_last)
        return None if hidden is None else unpatched(hidden, decoder.patch_size, decoder.patch_size_t)
