"""Encodes the first prompt while the rest of the checkpoint is still on its way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from typing_extensions import override

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.text.cache import EmbeddingCache
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.text.residency import Residency

_PROMPT: Final = "warm-up"
"""The warm-up's own, which then finds it in the cache. With another one the encoder is warm all the same."""


def encode_first_prompt(text_side: Components, device: str, cache: EmbeddingCache, family: str) -> None:
    """Run the text encoder for the first time, with its kernels' first calls, into `cache`.

    `text_side`: tokenizer, text encoder and connectors, where they compute. Raises OutOfMemory, GpuFailed.
    """
    with translated():
        PromptEncoder(text_side, _AsLoaded(), device, cache, family).encode(_PROMPT)


class _AsLoaded(Residency):
    """Nothing has to come from anywhere."""

    __slots__ = ()

    @override
    @contextmanager
    def using(self, *_: str) -> Iterator[None]:
        yield
