"""A local Supabase project, as far as Storage goes: real HTTP, the shapes of supabase/storage 1.11."""

import contextlib
import secrets
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import BinaryIO, Self

import attrs
from typing_extensions import override

from tests.support.quiet_server import QuietServer
from tests.support.supabase_buckets import Bucket, StoredFile
from tests.support.supabase_multipart import BodyCut, Upload, drain, read_upload
from tests.support.supabase_replies import Fault, Reply
from tests.support.supabase_routes import Request, Storage
from tests.support.supabase_tokens import role_key
from tests.support.supabase_uploads import Chunk, Uploads

_BLOCK = 1 << 16


class SupabaseServer:
    """A context manager; serves on a free port of 127.0.0.1.

        with SupabaseServer() as server:
            config = SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket)

    `url` is the project's root. `key` is a legacy service key; `secret_key` an `sb_secret_…` one; `key_of("anon")`
    makes others, `foreign_key` and `expired_key` bad ones. `buckets` and `objects` (of `bucket`) can be read and
    changed at any time. `requests` lists (method, path below /storage/v1) as they come, `headers` theirs by lower-case
    name, `sent_bytes` counts what the replies' bodies took. `fail(fault, times)` lets the next requests fail, see
    supabase_replies; `Fault()` lets one pass, `recover()` all. `uploads` are the resumable ones, and what arrived of
    them. `clock` is what signed URLs expire by.

    With `discard` contents are hashed and thrown away.
    """

    def __init__(
        self, *, bucket: str = "ltx2-outputs", discard: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._jwt_secret = secrets.token_hex(20)
        self.bucket = bucket
        self.buckets = {bucket: Bucket()}
        self.secret_key = f"sb_secret_{secrets.token_hex(16)}"
        self.key = self.key_of("service_role")
        self.foreign_key = role_key("service_role", "another project's secret")
        self.expired_key = role_key("service_role", self._jwt_secret, lifetime=-1.0)
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.sent_bytes = 0
        self.discard = discard
        self.closing = threading.Event()
        self.uploads = Uploads(discard=discard)
        self.storage = Storage(
            jwt_secret=self._jwt_secret,
            secret_keys=frozenset({self.secret_key}),
            buckets=self.buckets,
            uploads=self.uploads,
            clock=clock,
        )
        self._faults: deque[Fault] = deque()
        self._http = _HttpServer(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def objects(self) -> dict[str, StoredFile]:
        return self.buckets[self.bucket].objects

    def key_of(self, role: str) -> str:
        return role_key(role, self._jwt_secret)

    def fail(self, fault: Fault, times: int = 1) -> None:
        self._faults.extend([fault] * times)

    def recover(self) -> None:
        """Let no further request fail."""
        self._faults.clear()

    def next_fault(self) -> Fault:
        return self._faults.popleft() if self._faults else Fault()

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


class _HttpServer(QuietServer):
    def __init__(self, project: SupabaseServer) -> None:
        self.project = project
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def _handle(self) -> None:
        project = self.server.project
        project.requests.append((self.command, self.path.removeprefix("/storage/v1")))
        project.headers.append(self._named_headers())
        fault = project.next_fault()
        try:
            self._serve(project, fault)
        except BodyCut:
            self.close_connection = True

    def _serve(self, project: SupabaseServer, fault: Fault) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        content_type = self.headers.get("Content-Type", "")
        body = _as_binary(self.rfile)
        if fault.forget:
            project.uploads.forget()
        if self.command == "PATCH" and not fault.hang and fault.reply is None:
            self._serve_chunk(project, fault, body, length)
            return
        if fault.drop_after is not None:
            drain(body, min(length, fault.drop_after))
            self._reset()
            return
        if fault.hang or fault.reply is not None:
            drain(body, length)
            project.closing.wait(fault.hang)
            self._send(fault.reply)
            return
        upload = None
        if content_type.startswith("multipart/"):
            upload = read_upload(body, length, content_type, keep_content=not project.discard)
            upload = _cut(upload, fault.keep)
        content = b"" if upload else self.rfile.read(length)
        request = Request(
            method=self.command, target=self.path, headers=self._named_headers(), body=content, upload=upload
        )
        self._conclude(project.storage.answer(request), fault)

    def _serve_chunk(self, project: SupabaseServer, fault: Fault, body: BinaryIO, length: int) -> None:
        arriving = length if fault.drop_after is None else min(length, fault.drop_after)
        chunk = Chunk(stream=body, length=length, arriving=arriving, spoil=fault.spoil)
        request = Request(method=self.command, target=self.path, headers=self._named_headers(), body=b"", chunk=chunk)
        try:
            reply = project.storage.answer(request)
        except BodyCut:
            self._reset()
        else:
            self._conclude(reply, fault)

    def _named_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _conclude(self, reply: Reply, fault: Fault) -> None:
        if fault.lose_answer:
            self._reset()
        else:
            self._send(reply)

    def _send(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(reply.body), _BLOCK):
                self.wfile.write(reply.body[start : start + _BLOCK])
                self.server.project.sent_bytes += len(reply.body[start : start + _BLOCK])

    def _reset(self) -> None:
        """Close with RST, as a killed server does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names that http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def _cut(upload: Upload, keep: int | None) -> Upload:
    if keep is None or upload.content is None:
        return upload
    return attrs.evolve(upload, size=keep, content=upload.content[:keep])


def _as_binary(stream: object) -> BinaryIO:
    return stream  # type: ignore[return-value]  # typeshed calls rfile a BufferedIOBase
