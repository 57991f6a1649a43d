"""A second memory beside the host's, for machines that have only one."""

import weakref
from typing import Final

import torch

DEVICE: Final = "cpu:0"
"""What the CPU calls itself too, but nobody means by "cpu": both are usable, and only their names differ."""


class DeviceMemory:
    """Copies tensors to `DEVICE` and back, as a GPU's memory does, and knows what lies there.

    Given to `Residency` as `by`. A tensor on the device is a clone that this object remembers until it is freed.
    `fails_after` n: the n-th copy to the device from now raises as a full GPU does. `is_lost`: nothing comes back.
    """

    def __init__(self) -> None:
        self.copies = 0
        self.fails_after: int | None = None
        self.is_lost = False
        self._there: dict[int, int] = {}

    def __call__(self, tensor: torch.Tensor, device: str) -> torch.Tensor:
        is_there = self.holds(tensor)
        if device != DEVICE:
            if is_there and self.is_lost:
                message = "CUDA error: unspecified launch failure"
                raise RuntimeError(message)
            return tensor.clone() if is_there else tensor
        if is_there:
            return tensor
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                message = "CUDA out of memory"
                raise torch.OutOfMemoryError(message)
        self.copies += 1
        copy = tensor.clone()
        storage = copy.untyped_storage()
        self._there[storage.data_ptr()] = storage.nbytes()
        weakref.finalize(storage, self._there.pop, storage.data_ptr(), None)
        return copy

    @property
    def bytes(self) -> int:
        """Bytes of all tensors that live on the device."""
        return sum(self._there.values())

    def holds(self, tensor: torch.Tensor) -> bool:
        return tensor.untyped_storage().data_ptr() in self._there

    def place(self, module: torch.nn.Module) -> set[str]:
        """Where its parameters and buffers are: "device", "host", or both."""
        tensors = [*module.parameters(), *module.buffers()]
        return {"device" if self.holds(tensor) else "host" for tensor in tensors if tensor.numel()}
