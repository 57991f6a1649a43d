"""Brings a component's weights to another place and back, tensor by tensor."""

from collections.abc import Callable, Iterator
from typing import Final

import attrs
import torch

Transfer = Callable[[torch.Tensor, str], torch.Tensor]
"""Gives a tensor's copy on a device; the tensor itself if it is there already."""

HOST: Final = "cpu"


def transfer(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """`tensor` on `device`. Raises what torch raises."""
    return tensor.to(device)


def move(module: torch.nn.Module, device: str, by: Transfer) -> None:
    """Bring every weight and buffer to `device`. Parameters stay the same objects; a failure leaves some moved."""
    for tensor in _tensors(module):
        _place(tensor, device, by)


@attrs.frozen
class _Kept:
    tensor: torch.Tensor
    """Held so that its id stays its own."""
    host: torch.Tensor
    pointer: int
    """Where the copy on the device lies."""


@attrs.define(eq=False)
class Visit:
    """A component's stay on the device.

    The host's tensors are kept meanwhile, and are the weights again afterwards: coming home copies nothing, cannot
    run out of memory, and brings back the same bits. That holds as long as nobody writes into the weights in place
    (`fuse_lora` does). A tensor that is new or was exchanged during the visit, as a LoRA's is, is copied home.
    """

    _module: torch.nn.Module
    _by: Transfer
    _kept: dict[int, _Kept] = attrs.field(init=False, factory=dict)

    def begin(self, device: str) -> None:
        """Copy the weights to `device`. A failure leaves some there; `end` brings them back."""
        for tensor in _tensors(self._module):
            host = tensor.data
            _place(tensor, device, self._by)
            self._kept[id(tensor)] = _Kept(tensor, host, tensor.data_ptr())

    def end(self) -> None:
        """Bring everything home. Raises what torch raises, then some of it is lost."""
        for tensor in list(_tensors(self._module)):
            kept = self._kept.get(id(tensor))
            if kept is not None and (tensor.data_ptr() == kept.pointer or _is_stored_lower(tensor, kept)):
                tensor.data = kept.host
            else:
                _place(tensor, HOST, self._by)
        self._kept.clear()


def _tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and buffers, each once."""
    yield from module.parameters()
    yield from module.buffers()


def _place(tensor: torch.Tensor, device: str, by: Transfer) -> None:
    source = tensor.data
    moved = by(source, device)
    if moved is not source:  # a quantised tensor that stays must not be assigned to: `.data` reaches its shell only
        tensor.data = moved


def _is_stored_lower(tensor: torch.Tensor, kept: _Kept) -> bool:
    """Whether a forward has exchanged a weight in fp8 storage for its equal.

    Layerwise casting casts up before a layer and down again after it, which gives the same fp8 values in new memory.
    """
    return tensor.dtype is torch.float8_e4m3fn and kept.host.dtype is tensor.dtype
