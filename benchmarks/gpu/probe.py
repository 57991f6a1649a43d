"""Watches shared components at work, whoever calls them: when, how often, and in which denoising step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, Final

import attrs
import torch

from benchmarks.gpu.clock import Moment, moment

_CALLED: Final = ("text_encoder", "connectors", "transformer", "latent_upsampler", "vocoder")
"""Components that are called as modules."""
_DECODING: Final = ("vae", "audio_vae")
"""Components whose `decode` is called."""


@attrs.frozen(kw_only=True)
class Work:
    """What a clip took of the components. Seconds on the device.

    `parts`: of each component, all of its calls. `forwards`: calls of the transformer. `steps`: of each denoising
    step, from its first forward to its end, in order.
    """

    parts: Mapping[str, float]
    forwards: int
    steps: tuple[float, ...]


class Probe:
    """Notes moments while one clip is made. Not to be used twice."""

    def __init__(self, device: str) -> None:
        self._device: Final = device
        self._calls: Final[list[tuple[str, Moment, Moment]]] = []
        self._begun: Final[dict[str, Moment]] = {}
        self._stream: Final[list[Moment]] = []
        self._step_begin: Moment | None = None
        self._steps: Final[list[tuple[Moment, Moment]]] = []

    @contextmanager
    def watching(self, components: Mapping[str, Any]) -> Iterator[None]:
        """Note what `components` do inside. They are as before afterwards."""
        with ExitStack() as stack:
            for name in _CALLED:
                module = components[name]
                stack.callback(module.register_forward_pre_hook(self._begin_of(name)).remove)
                stack.callback(module.register_forward_hook(self._end_of(name)).remove)
            for name in _DECODING:
                stack.enter_context(self._decoding(name, components[name]))
            for layer in _ends_of_stream(components["vae"]):
                stack.callback(layer.register_forward_hook(self._streamed).remove)
            yield

    def step_ended(self) -> None:
        """To be called at the end of each denoising step."""
        if self._step_begin is None:
            message = "a step ended in which the transformer was not called"
            raise RuntimeError(message)
        self._steps.append((self._step_begin, moment(self._device)))
        self._step_begin = None

    def work(self) -> Work:
        """What was noted. The device must have finished."""
        parts: dict[str, float] = {}
        for name, begin, end in self._calls:
            parts[name] = parts.get(name, 0.0) + end.seconds_since(begin)
        if self._stream:
            parts["vae"] = self._stream[-1].seconds_since(self._stream[0])
        return Work(
            parts=parts,
            forwards=sum(name == "transformer" for name, _, _ in self._calls),
            steps=tuple(end.seconds_since(begin) for begin, end in self._steps),
        )

    def _begin(self, name: str) -> None:
        self._begun[name] = now = moment(self._device)
        if name == "transformer" and self._step_begin is None:
            self._step_begin = now

    def _end(self, name: str) -> None:
        self._calls.append((name, self._begun.pop(name), moment(self._device)))

    def _begin_of(self, name: str) -> Callable[..., None]:
        return lambda *_: self._begin(name)

    def _end_of(self, name: str) -> Callable[..., None]:
        return lambda *_: self._end(name)

    def _streamed(self, *_: Any) -> None:  # noqa: ANN401 - a hook's arguments
        """A stream passes `decode` by: it lasts from the decoder's first layer to the last call of its last one."""
        if "vae" not in self._begun:
            self._stream.append(moment(self._device))

    @contextmanager
    def _decoding(self, name: str, module: Any) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
        decode = module.decode

        @wraps(decode)
        def noted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - diffusers has no types
            self._begin(name)
            decoded = decode(*arguments, **named)
            self._end(name)
            return decoded

        module.decode = noted  # hides the class's method for as long as this stands
        try:
            yield
        finally:
            del module.decode


def _ends_of_stream(vae: Any) -> tuple[torch.nn.Module, torch.nn.Module]:  # noqa: ANN401 - diffusers has no types
    return vae.decoder.conv_in.conv, vae.decoder.conv_out.conv
