"""One generation at a time on a device."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from application.job_control import JobControl

_POLL_SECONDS: Final = 0.05
"""How often a waiting job looks at its deadline."""


class Turns:
    """Hands the device to one job after the other. Components and schedulers are shared: two runs at once break."""

    __slots__ = ("_device",)

    def __init__(self) -> None:
        self._device = threading.Lock()

    @contextmanager
    def taken(self, control: JobControl) -> Iterator[None]:
        """Wait for the device and keep it inside. Raises what `control.check` raises while it waits."""
        while not self._device.acquire(timeout=_POLL_SECONDS):
            control.check()
        try:
            yield
        finally:
            self._device.release()
