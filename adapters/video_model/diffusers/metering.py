"""How long the parts of a generation take, and how much of the device's memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import attrs
import torch

from domain.clip import ClipStatistics

Part = Literal["prepare", "denoise", "decode"]


@attrs.define
class Meter:
    """Adds up the seconds of each part. `start` begins the peak of the device's memory anew."""

    _clock: Callable[[], float]
    _device: str
    _seconds: dict[Part, float] = attrs.field(
        init=False, factory=lambda: {"prepare": 0.0, "denoise": 0.0, "decode": 0.0}
    )

    def start(self) -> None:
        if self._is_cuda:
            torch.cuda.reset_peak_memory_stats(self._device)

    @contextmanager
    def part(self, name: Part) -> Iterator[None]:
        """Count the time inside as `name`, to the end of what was given to the device."""
        begin = self._clock()
        try:
            yield
            if self._is_cuda:
                torch.cuda.synchronize(self._device)
        finally:
            self._seconds[name] += self._clock() - begin

    def statistics(self) -> ClipStatistics:
        return ClipStatistics(
            prepare_seconds=self._seconds["prepare"],
            inference_seconds=self._seconds["denoise"] + self._seconds["decode"],
            decode_seconds=self._seconds["decode"],
            peak_vram_bytes=torch.cuda.max_memory_allocated(self._device) if self._is_cuda else None,
        )

    @property
    def _is_cuda(self) -> bool:
        return self._device.startswith("cuda")
