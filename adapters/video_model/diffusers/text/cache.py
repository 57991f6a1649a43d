"""Encoded texts of earlier jobs, kept on the host up to a number of bytes."""

from collections import OrderedDict
from typing import Final, Self

import attrs
import torch

MAX_TOKENS: Final = 1024
"""Length that every text is padded or cut to; LTX-2's own (`max_sequence_length` of its pipelines). A multiple of
the connectors' 128 registers."""


@attrs.frozen(kw_only=True)
class TextKey:
    """What an encoded text depends on. `variant` names what else was applied to the connectors (LoRAs); "" is none."""

    text: str = attrs.field(repr=False)  # callers' prompts belong in no log
    family: str
    max_tokens: int = MAX_TOKENS
    variant: str = ""


@attrs.frozen(kw_only=True, eq=False)
class EncodedText:
    """What the connectors make of one text: all that the transformer gets to know of it.

    `video`: (1, tokens, width of the video stream), `audio`: (1, tokens, width of the audio stream), both in the
    text encoder's dtype; `mask`: (1, tokens), int64, 1 where a token counts. They lie on the host, in memory of
    their own, and are shared by all who asked for the text: nobody writes to them.
    """

    video: torch.Tensor = attrs.field(repr=False)
    audio: torch.Tensor = attrs.field(repr=False)
    mask: torch.Tensor = attrs.field(repr=False)
    lost_tokens: int = 0
    """Tokens at the text's end for which there was no room."""

    @classmethod
    def copied(cls, video: torch.Tensor, audio: torch.Tensor, mask: torch.Tensor, *, lost_tokens: int = 0) -> Self:
        """With copies of these tensors, which may be views and lie on any device."""
        return cls(video=_owned(video), audio=_owned(audio), mask=_owned(mask), lost_tokens=lost_tokens)

    @property
    def nbytes(self) -> int:
        """Bytes of host memory that it holds: 12.6 million for 2.3 in bfloat16, 15.7 for 2.0."""
        return sum(tensor.untyped_storage().nbytes() for tensor in (self.video, self.audio, self.mask))


class EmbeddingCache:
    """Forgets what was not asked for the longest when there is no room. Used by one job at a time."""

    __slots__ = ("_entries", "_held", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes` bounds the tensors; with 0 nothing is kept."""
        self._max_bytes = max_bytes
        self._entries: OrderedDict[TextKey, EncodedText] = OrderedDict()
        self._held = 0

    @property
    def nbytes(self) -> int:
        """Bytes that the entries hold now."""
        return self._held

    def get(self, key: TextKey) -> EncodedText | None:
        """The entry of `key`, which is the youngest one from now on."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: TextKey, encoded: EncodedText) -> None:
        """Keep `encoded`, unless it is larger than the whole cache may be."""
        if encoded.nbytes > self._max_bytes:
            return
        replaced = self._entries.pop(key, None)
        if replaced is not None:
            self._held -= replaced.nbytes
        while self._held + encoded.nbytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._held -= oldest.nbytes
        self._entries[key] = encoded
        self._held += encoded.nbytes


def _owned(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
