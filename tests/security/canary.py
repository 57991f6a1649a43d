"""What must never be reached: listeners on loopback that count every TCP connection."""

import socket
import threading
from types import TracebackType
from typing import Final, Self

HOSTS: Final = ("127.0.0.2", "127.0.0.3", "::1")
"""127.0.0.1 is left to the servers that a test may reach."""

_SETTLE_SECONDS: Final = 10.0
_BIND_TRIES: Final = 20


class Canary:
    """A context manager; listens on one port of all HOSTS that this machine has, `hosts` says which.

    Each connection is counted and closed at once, before a byte is read. `reached()` lists whoever came since it was
    last asked, as (canary's host, client's port); [] is what the tests want. Port 0: a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._listeners = _listeners(port)
        self.port: int = self._listeners[0].getsockname()[1]
        self._came: list[tuple[str, int]] = []
        self._changed = threading.Condition()
        self._stopped = False
        self._threads = [threading.Thread(target=self._count, args=(one,), daemon=True) for one in self._listeners]

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(one.getsockname()[0] for one in self._listeners)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        for listener in self._listeners:
            _knock(listener)
        for thread in self._threads:
            thread.join()
        for listener in self._listeners:
            listener.close()

    def reached(self) -> list[tuple[str, int]]:
        """Whoever connected, also a moment ago: the queue is first in, first out, and our own knock comes last."""
        knocks = {(one.getsockname()[0], _knock(one)) for one in self._listeners}
        with self._changed:
            if not self._changed.wait_for(lambda: knocks <= set(self._came), _SETTLE_SECONDS):
                message = "the canary does not answer"
                raise TimeoutError(message)
            others = [visitor for visitor in self._came if visitor not in knocks]
            self._came.clear()
        return others

    def _count(self, listener: socket.socket) -> None:
        while not self._stopped:
            connection, peer = listener.accept()
            connection.close()
            with self._changed:
                self._came.append((listener.getsockname()[0], peer[1]))
                self._changed.notify_all()


def _listeners(port: int) -> list[socket.socket]:
    for _ in range(_BIND_TRIES):
        first = _listener(HOSTS[0], port)
        if first is None:
            break
        listeners = [first]
        for host in HOSTS[1:]:
            listener = _listener(host, first.getsockname()[1])
            if listener is not None:
                listeners.append(listener)
        if len(listeners) > 1 or port:
            return listeners
        first.close()  # somebody has that port on the others: take another
    message = "no port for the canary"
    raise OSError(message)


def _listener(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:  # no IPv6 here, or the port is taken
        listener.close()
        return None
    listener.listen(256)
    return listener


def _knock(listener: socket.socket) -> int:
    """Connect to `listener`; our own port."""
    with socket.create_connection(listener.getsockname()[:2], timeout=_SETTLE_SECONDS) as connection:
        port: int = connection.getsockname()[1]
        return port
