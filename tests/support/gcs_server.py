"""A stand-in for Google Cloud Storage: real HTTP, the XML calls of obstore's client, signatures that are checked."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

from typing_extensions import override

from tests.support.gcs_account import GcsAccount, SignatureRefused
from tests.support.gcs_objects import MIB, Answer, Bucket, Objects, Refused, Request
from tests.support.quiet_server import QuietServer

_STATUS = {"AuthenticationRequired": 401, "SignatureDoesNotMatch": 403, "ExpiredToken": 400}


class GcsServer:
    """Serves on a free port of 127.0.0.1; objects are files in `folder`.

    `account` may do everything, by a token or by a URL that it signed; whoever has neither can read public buckets.
    `buckets` can be read and changed at any time; `requests` lists (method, path and query) as they come.

    Written from what object_store 0.14 sends and from Google's documentation; the service itself was not seen.
    """

    def __init__(self, folder: Path, account: GcsAccount) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.account = account
        self.objects = Objects(folder)
        self.requests: list[tuple[str, str]] = []
        self._http = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def buckets(self) -> dict[str, Bucket]:
        return self.objects.buckets

    def make_bucket(self, name: str, *, public: bool = False) -> None:
        self.buckets[name] = Bucket(public=public)

    def answer(self, request: Request) -> Answer:
        self.requests.append((request.method, request.target))
        try:
            self._admit(request)
            return self.objects.answer(request)
        except SignatureRefused as refused:
            return Refused(_STATUS[refused.code], refused.code, "Authentication required.").answer
        except Refused as refused:
            return refused.answer

    def _admit(self, request: Request) -> None:
        """Return if the request may be carried out. Raises SignatureRefused, Refused."""
        if "x-goog-signature" in request.target.lower():
            self.account.check_url(request.method, f"http://{request.headers['host']}{request.target}")
        elif "authorization" in request.headers:
            self.account.check_token(request.headers["authorization"])
        elif request.method not in {"GET", "HEAD"} or not self.buckets.get(request.bucket, Bucket()).public:
            raise Refused(401, "AuthenticationRequired", "Authentication required.")

    @contextmanager
    def running(self) -> Iterator["GcsServer"]:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()


class _Server(QuietServer):
    def __init__(self, service: GcsServer) -> None:
        self.service = service
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _handle(self) -> None:
        body = self.server.service.objects.folder / secrets.token_hex(8)
        left = int(self.headers.get("Content-Length", "0"))
        with body.open("wb") as file:
            while left:
                block = self.rfile.read(min(left, MIB))
                if not block:
                    self.close_connection = True
                    return
                file.write(block)
                left -= len(block)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(
            self.server.service.answer(Request(method=self.command, target=self.path, headers=headers, body=body))
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        size = len(answer.body) if answer.file is None else answer.file.stat().st_size
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        if answer.file is None:
            self.wfile.write(answer.body)
            return
        with answer.file.open("rb") as content:
            shutil.copyfileobj(content, self.wfile, MIB)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815 - the names that http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def gcs_server(folder: Path, account: GcsAccount) -> Iterator[GcsServer]:
    """A server that is up within the block."""
    with GcsServer(folder, account).running() as server:
        yield server
