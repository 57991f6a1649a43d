"""A real HTTP server on loopback that misbehaves on demand."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import attrs
from typing_extensions import override

from tests.support.quiet_server import QuietServer


@attrs.frozen(kw_only=True)
class Reply:
    """One answer.

    `length`: "true" declares the body's length, a number declares that one, None declares nothing.
    `pause`: seconds before each byte of the body, for a slow drip. `raw`: sent instead of everything else, as it is;
    with `pause` it drips too.
    """

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    length: int | str | None = "true"
    pause: float = 0.0
    raw: bytes | None = None


@attrs.frozen
class Seen:
    """A request that came in."""

    path: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes = b""


class HttpServer:
    """Answers each path with its replies in turn; the last one stays. Unknown paths get a 404."""

    def __init__(self, replies: Mapping[str, Reply | list[Reply]], tls: ssl.SSLContext | None = None) -> None:
        self._replies = {path: reply if isinstance(reply, list) else [reply] for path, reply in replies.items()}
        self._scheme = "http" if tls is None else "https"
        self.requests: list[Seen] = []
        self.stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            @override
            def handle(self) -> None:
                if isinstance(self.request, ssl.SSLSocket):
                    self.request.do_handshake()  # in the request's thread, where its failure is expected
                super().handle()

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                outer.requests.append(Seen(self.path, dict(self.headers), self.command, body))
                outer._answer(self)

            do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def add(self, path: str, *replies: Reply) -> None:
        self._replies[path] = list(replies)

    @contextmanager
    def running(self) -> Iterator["HttpServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        queue = self._replies.get(handler.path.partition("?")[0], [Reply(status=404)])
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        if reply.raw is not None:
            self._send(handler, reply.raw, reply.pause)
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.length is not None:
            handler.send_header("Content-Length", str(len(reply.body) if reply.length == "true" else reply.length))
        handler.end_headers()
        self._send(handler, reply.body, reply.pause)

    def _send(self, handler: BaseHTTPRequestHandler, data: bytes, pause: float) -> None:
        if not pause:
            handler.wfile.write(data)
            return
        for byte in data:
            if self.stopping.wait(pause):
                return
            handler.wfile.write(bytes([byte]))


@contextmanager
def serving(
    replies: Mapping[str, Reply | list[Reply]] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[HttpServer]:
    """A server that is up within the block."""
    with HttpServer(replies or {}, tls).running() as server:
        yield server
