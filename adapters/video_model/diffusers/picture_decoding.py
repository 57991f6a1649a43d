"""Latents to pictures: piece by piece where the decoder allows it, else whole, and in tiles if memory is short."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Final

import attrs
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.decoding import decode_video
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.memory.letting_go import let_go
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.memory.tiling import tiled
from adapters.video_model.diffusers.streaming.coverage import covers
from adapters.video_model.diffusers.streaming.decoder import decode_stream
from domain.activations import ModelDimensions, stream_bytes
from domain.errors import OutOfMemory
from domain.geometry import ClipGeometry
from domain.tiling import Tiling, decode_tiling

_AS_LEAN_AS_CAN_BE: Final = 0
"""Bytes: no decode fits into them, so the finest tiles are chosen."""


@attrs.frozen(kw_only=True, eq=False)
class PictureDecoder:
    """Decodes one clip. `made` is its size, `warn` is told what the caller should know of how it was done."""

    components: Components
    residency: Residency
    measures: ModelDimensions
    made: ClipGeometry
    check: Callable[[], None]
    """Called before each latent that a stream is given; what it raises ends the decode."""
    warn: Callable[[str], None]
    room: Callable[[], int | None]
    """Bytes of the device that may be taken; None: that is not known, as on the CPU."""

    def pieces(self, latents: torch.Tensor) -> Generator[torch.Tensor, None, None]:
        """The pictures of denormalised `latents` (1, C, F', H', W'), in order: (3, F, H, W) in the VAE's dtype.

        The VAE is on the device until the last piece was taken, or the generator is closed.

        Raises:
            OutOfMemory: not even tiles fit, or memory ran out after the first piece.
        """
        finest, is_begun = decode_tiling(self.made, _AS_LEAN_AS_CAN_BE, self.measures), False
        with self.residency.using("vae"):
            free = self.room()
            is_streamed = self._can_stream(free)
            tiling = None if is_streamed or free is None else decode_tiling(self.made, free, self.measures)
            with closing(self._streamed(latents) if is_streamed else self._at_once(latents, tiling)) as pieces:
                try:
                    for piece in pieces:
                        is_begun = True
                        yield piece
                except OutOfMemory as exc:
                    if is_begun or finest == tiling:
                        raise
                    let_go(exc)
                else:
                    return
            self.warn("memory ran out while the frames were decoded; they were decoded in tiles")
            yield from self._at_once(latents, finest)

    def _can_stream(self, free: int | None) -> bool:
        size = self.made.resolution
        fits = free is None or stream_bytes(size.width, size.height, self.measures) <= free
        return fits and covers(self._vae)

    def _streamed(self, latents: torch.Tensor) -> Generator[torch.Tensor, None, None]:
        with translated():
            for piece in decode_stream(self._vae.decoder, latents.to(self._vae.dtype), check=self.check):
                yield piece[0]

    def _at_once(self, latents: torch.Tensor, tiling: Tiling | None) -> Generator[torch.Tensor, None, None]:
        if tiling is not None:
            self.warn("the frames were decoded in tiles, for want of memory; seams may show")
        with translated(), tiled(self._vae, tiling):
            video = decode_video(self.components, latents)
        yield video

    @property
    def _vae(self) -> Any:  # noqa: ANN401 - diffusers has no types
        return self.components.by_name["vae"]
