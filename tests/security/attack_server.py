"""The attacker's web server: says whatever a script says, byte for byte."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self

import attrs

Script = Callable[[], Iterator[bytes | float]]
"""What is sent after a request, piece by piece, maybe without end. A number is a pause in seconds."""

_MAX_HEAD: Final = 65_536


@attrs.frozen
class Asked:
    """A request that came in: the path with its query, and the whole head as it was sent."""

    path: str
    head: bytes


class AttackServer:
    """A context manager on a free port of 127.0.0.1. Each connection gets one answer and is closed.

    `scripts` answers paths (without their query); a path that is not there gets a 404. With `tls` it speaks TLS.
    `mute_port` takes connections (the kernel does) and never says a word. `asked` lists the requests.
    """

    def __init__(self, scripts: Mapping[str, Script], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._scripts = dict(scripts)
        self._tls = tls
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._mute = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def mute_port(self) -> int:
        port: int = self._mute.getsockname()[1]
        return port

    def add(self, path: str, script: Script) -> None:
        self._scripts[path] = script

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()
        self._mute.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """One connection. A client that goes away in the middle, or does not like the certificate, is expected."""
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.settimeout(10)
            # an answer that waits for the acknowledgement of TLS' tickets is lost when the rest of a body comes instead
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain = connection
            secure = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            with contextlib.closing(secure):
                self._answer(secure)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
            received = connection.recv(_MAX_HEAD)
            if not received:
                return
            head += received
        path = head.split(b" ", 2)[1].decode("latin-1")
        self.asked.append(Asked(path, head))
        for piece in self._scripts.get(path.partition("?")[0], _not_found)():
            if isinstance(piece, float):
                if self._stopping.wait(piece):
                    return
            else:
                connection.sendall(piece)


def _not_found() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
