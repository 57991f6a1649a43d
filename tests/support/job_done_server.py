"""The platform's job-done route alone, real HTTP on loopback: what it was sent, in order, and how it answers."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import attrs
from typing_extensions import override

Answer = int | Literal["hang"]


@attrs.frozen
class Posted:
    job_id: str
    body: dict[str, Any]

    @property
    def is_progress(self) -> bool:
        return self.body.get("status") == "IN_PROGRESS"


class JobDoneServer(ThreadingHTTPServer):
    """Progress about a job gets its answer in `answers`, 200 otherwise; "hang" reads it and never answers.

    Results always get 200. `posts` is in order of arrival; `hung_up` has the ids of those jobs whose hanging
    connection was closed by the client. Paths end in the job's id.
    """

    daemon_threads = True

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.posts: list[Posted] = []
        self.hung_up: list[str] = []
        self._changed = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """To which a job's id is appended."""
        return f"http://127.0.0.1:{self.server_port}/job-done/"

    def until(self, condition: Callable[[], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=10)

    def until_posts(self, count: int) -> None:
        self.until(lambda: len(self.posts) >= count)

    def steps(self, job_id: str) -> list[int]:
        """The steps of the progress that came for a job."""
        return [post.body["output"]["step"] for post in self.posts if post.job_id == job_id and post.is_progress]

    def receive(self, posted: Posted) -> Answer:
        with self._changed:
            self.posts.append(posted)
            self._changed.notify_all()
        return self.answers.get(posted.job_id, 200) if posted.is_progress else 200

    def lose(self, job_id: str) -> None:
        with self._changed:
            self.hung_up.append(job_id)
            self._changed.notify_all()

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: JobDoneServer

    def do_POST(self) -> None:
        job_id = self.path.partition("?")[0].rpartition("/")[2]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.receive(Posted(job_id, body))
        if answer == "hang":
            self.rfile.read(1)
            self.server.lose(job_id)
            self.close_connection = True
            return
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def job_done_server(answers: Mapping[str, Answer] | None = None) -> Iterator[JobDoneServer]:
    with JobDoneServer(answers or {}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
