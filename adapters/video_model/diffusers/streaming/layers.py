"""What the layers of a stream have in common."""

from typing import Protocol

import torch


class StreamedLayer(Protocol):
    """A layer that is given its frames in pieces (1, C, F, H, W), in order.

    None stands for no frames: nothing that came yet, nothing that can be computed yet.
    """

    def __call__(self, frames: torch.Tensor | None, *, is_last: bool) -> torch.Tensor | None:
        """The frames that can be computed now; all that are left if `is_last`, after which no more may come."""
        ...


class Delay:
    """Frames that wait for those that take the longer way round them."""

    def __init__(self) -> None:
        self._waiting: torch.Tensor | None = None

    def push(self, frames: torch.Tensor | None) -> None:
        """Put them behind those that wait."""
        if frames is not None:
            self._waiting = frames if self._waiting is None else torch.cat([self._waiting, frames], dim=2)

    def pop(self, count: int) -> torch.Tensor:
        """The first `count` of them."""
        if self._waiting is None or self._waiting.shape[2] < count:
            message = f"{count} frames were asked for before they came"
            raise RuntimeError(message)
        first, rest = self._waiting[:, :, :count], self._waiting[:, :, count:]
        self._waiting = rest.clone() if rest.shape[2] else None  # a view would keep the first alive
        return first
