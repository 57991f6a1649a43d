"""A proxy in front of a real server that spoils requests on demand."""

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import attrs
from typing_extensions import override

from tests.support.quiet_server import QuietServer

_BLOCK = 1 << 16
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@attrs.define(kw_only=True)
class Passed:
    """A request that came, and what became of it. `status` is what the client got: None where nothing came back.

    `at` is the monotonic time of its arrival, `body` counts the bytes of its body that were read, `forwarded` says
    whether the server behind saw it (or some of it).
    """

    method: str
    target: str
    at: float
    length: int
    body: int = 0
    status: int | None = None
    forwarded: bool = False


Matches = Callable[[Passed], bool]


def uploading(request: Passed) -> bool:
    """Whether a request carries a file, or a part of one."""
    return request.method in {"PUT", "POST", "PATCH"} and request.length > 0


def anything(request: Passed) -> bool:
    return True


@attrs.define(kw_only=True)
class Fault:
    """What befalls the requests that `matches` picks: the next `times` of them, or any within `seconds` of the first.

    `status`: this is answered with `headers` and `body`, once the request's body is read; the server does not see it.
    `cut_after`: both connections are reset once the bodies of all matching requests make up so many bytes, `times`
    times; what came before has reached the server. `lose_answer`: the server's answer does not come back, and the
    connection is reset.
    `delay`: seconds before the request goes on.
    """

    matches: Matches = uploading
    times: float = 1
    seconds: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    lose_answer: bool = False
    delay: float = 0.0
    hits: int = 0
    _ends: float | None = attrs.field(default=None, init=False)

    def strikes(self, request: Passed) -> bool:
        """Whether the fault is this request's. Call it once for each, under a lock."""
        if not self.matches(request):
            return False
        if self.cut_after is not None:
            return self.hits < self.times
        if self.seconds is not None:
            self._ends = self._ends or request.at + self.seconds
            struck = request.at < self._ends
        else:
            struck = self.hits < self.times
        self.hits += struck
        return struck


class Cut(Exception):
    """The connection is to be reset now."""


class FaultProxy:
    """Serves on a free port of 127.0.0.1, and forwards to `upstream` (scheme, host and port) as it came.

    The Host header stays the client's, so that a signature over it stays valid. `requests` lists what came, in order
    of arrival; `fault` strikes until it is set to another one or to None.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.requests: list[Passed] = []
        self.fault: Fault | None = None
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def seen(self, matches: Matches = uploading) -> list[Passed]:
        """The requests so far that `matches` picks."""
        with self._lock:
            return [request for request in self.requests if matches(request)]

    def fault_of(self, request: Passed) -> Fault | None:
        """Note the request down, and say what befalls it."""
        with self._lock:
            self.requests.append(request)
            return self.fault if self.fault is not None and self.fault.strikes(request) else None

    def allowance(self, fault: Fault | None) -> int:
        """Bytes of a body that may pass now, a block at most. Raises Cut where `fault` says so."""
        if fault is None or fault.cut_after is None:
            return _BLOCK
        with self._lock:
            if fault.hits >= fault.times:
                return _BLOCK
            left = fault.cut_after - sum(request.body for request in self.requests if fault.matches(request))
            if left <= 0:
                fault.hits += 1
                raise Cut
        return min(_BLOCK, left)

    @contextmanager
    def running(self) -> Iterator["FaultProxy"]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._http.shutdown()
            self._http.server_close()


class _Server(QuietServer):
    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _handle(self) -> None:
        proxy = self.server.proxy
        length = int(self.headers.get("Content-Length", "0"))
        request = Passed(method=self.command, target=self.path, at=time.monotonic(), length=length)
        fault = proxy.fault_of(request)
        try:
            if fault is not None:
                proxy.closing.wait(fault.delay)
            if fault is not None and fault.status is not None:
                self._refuse(request, fault, fault.status)
            else:
                proxy.allowance(fault)
                self._forward(request, fault)
        except Cut:
            _reset(self.connection)
            self.close_connection = True
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # the client or the server has gone away

    def _refuse(self, request: Passed, fault: Fault, status: int) -> None:
        for _ in self._body(request, fault):
            pass
        request.status = status
        self.send_response(status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(fault.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(fault.body)

    def _forward(self, request: Passed, fault: Fault | None) -> None:
        upstream = http.client.HTTPConnection(self.server.proxy.upstream, timeout=60)
        with contextlib.closing(upstream):
            upstream.connect()
            request.forwarded = True
            try:
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        upstream.putheader(name, value)
                upstream.endheaders()
                for block in self._body(request, fault):
                    upstream.send(block)
                answer = upstream.getresponse()
                if fault is not None and fault.lose_answer:
                    answer.read()
                    raise Cut
            except Cut:
                _reset(upstream.sock)
                raise
            self._pass_back(request, answer)

    def _body(self, request: Passed, fault: Fault | None) -> Iterator[bytes]:
        """Blocks of the request's body. Raises Cut."""
        while request.body < request.length:
            allowance = self.server.proxy.allowance(fault)
            block = self.rfile.read(min(allowance, request.length - request.body))
            if not block:
                raise Cut  # the client has gone away
            request.body += len(block)
            yield block

    def _pass_back(self, request: Passed, answer: http.client.HTTPResponse) -> None:
        request.status = answer.status
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length")
        content = None
        if length is None and self.command != "HEAD":
            content = answer.read()  # it came in chunks, and goes on in one piece
            length = str(len(content))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if content is not None:
            self.wfile.write(content)
        while block := answer.read(_BLOCK):
            self.wfile.write(block)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _handle  # noqa: N815 - http.server's names

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def _reset(connection: socket.socket) -> None:
    """Close with RST, as a killed server or client does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy that is up within the block."""
    with FaultProxy(upstream).running() as proxy:
        yield proxy
