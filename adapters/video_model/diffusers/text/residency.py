"""What the text side asks of the memory policy."""

from contextlib import AbstractContextManager
from typing import Protocol


class Residency(Protocol):
    """Knows where the weights are, and brings them to the device for as long as they compute."""

    __slots__ = ()

    def using(self, *names: str) -> AbstractContextManager[object]:
        """A context in which the components of these names can be called with tensors of the device."""
