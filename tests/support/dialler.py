"""A network backend that shows what would have been dialled."""

from collections.abc import Iterable

import httpcore
from httpcore import SOCKET_OPTION
from typing_extensions import override


class RecordingDialler(httpcore.NetworkBackend):
    """Keeps each (address, port) in `dialled`, and connects to `detour` on loopback instead.

    Without a detour, and for the addresses in `closed`, the connection is refused.
    """

    def __init__(self, detour: int | None = None, closed: Iterable[str] = ()) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._detour = detour
        self._closed = frozenset(closed)
        self._real = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append((host, port))
        if self._detour is None or host in self._closed:
            message = "connection refused"
            raise httpcore.ConnectError(message)
        return self._real.connect_tcp("127.0.0.1", self._detour, timeout, local_address, socket_options)
