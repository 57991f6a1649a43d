"""A stand-in for the Hugging Face Hub: one repository, served from a folder."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from typing_extensions import override

COMMIT: Final = "c0ffee" + "0" * 34


class HubServer:
    """A context manager on a free port of 127.0.0.1: `url` is what HF_ENDPOINT must be.

    Serves `folder` as revision `main` (commit COMMIT) of `name`. `requested` lists (method, file); `missing`
    are files that the listing names and the server does not have, like a download that breaks off.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.requested: list[tuple[str, str]] = []
        self.missing: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def description(self) -> dict[str, Any]:
        return {"id": self.name, "sha": COMMIT, "siblings": [{"rfilename": file["path"]} for file in self.tree()]}

    def tree(self) -> list[dict[str, Any]]:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return [
            {
                "type": "file",
                "path": str(file.relative_to(self.folder)),
                "size": file.stat().st_size,
                "oid": _digest(file.read_bytes()),
            }
            for file in files
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _digest(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _handler_of(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._serve(with_body=False)

        def do_GET(self) -> None:
            self._serve(with_body=True)

        @override
        def log_message(self, format: str, *arguments: Any) -> None:
            """Requests are in `requested`."""

        def _serve(self, *, with_body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            prefix = f"/{hub.name}/resolve/{COMMIT}/"
            if path.startswith(f"/api/models/{hub.name}"):
                about = hub.tree() if "/tree/" in path else hub.description()
                self._answer(json.dumps(about).encode(), with_body=with_body)
                return
            file = path.removeprefix(prefix)
            source = hub.folder / file
            if path.startswith(prefix):
                hub.requested.append((self.command, file))
            if not path.startswith(prefix) or file in hub.missing or not source.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._answer(source.read_bytes(), with_body=with_body)

        def _answer(self, body: bytes, *, with_body: bool) -> None:
            self.send_response(200)
            self.send_header("ETag", f'"{_digest(body)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

    return Handler
