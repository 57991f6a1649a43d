"""RunPod's HTTP routes over the queue: the public API for clients, and what the SDK's worker loop asks for."""

import json
import select
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tests.support.runpod_queue import FINAL_STATES, CloudJob, RunPodQueue

_SYNC_SECONDS: Final = 90.0


class CloudServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, queue: RunPodQueue) -> None:
        self.queue = queue
        super().__init__(("127.0.0.1", 0), _Handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Workers are killed in these tests: a lost connection is no news."""


class _Handler(BaseHTTPRequestHandler):
    """Paths are /v2/{endpoint}/{route}/{...}; the endpoint's name does not matter."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: CloudServer

    def do_GET(self) -> None:
        queue = self.server.queue
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        match url.path.split("/")[3:]:
            case ["job-take", worker]:
                taken = queue.take(worker, 1, self._is_connected)
                self._send(200, taken[0]) if taken else self._send(204)
            case ["job-take-batch", worker]:
                taken = queue.take(worker, int(query["batch_size"]), self._is_connected)
                self._send(200, taken) if taken else self._send(204)
            case ["job-stop", worker]:
                stopped = queue.stop_signal(worker, self._is_connected)
                self._send(200, {"jobsToStop": [stopped]}) if stopped else self._send(204)
            case ["ping", worker]:
                queue.ping(worker, query)
                self._send(200, {})
            case ["health"]:
                self._send(200, _health(queue.jobs()))
            case [("status" | "stream") as route, job_id]:
                self._send_job(job_id, with_stream=route == "stream")
            case _:
                self._send(404, {"error": "no such route"})

    def do_POST(self) -> None:
        queue = self.server.queue
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        match url.path.split("/")[3:]:
            case ["run"]:
                self._send(200, {"id": queue.submit_request(json.loads(raw)), "status": "IN_QUEUE"})
            case ["runsync"]:
                self._run_and_wait(json.loads(raw), dict(parse_qsl(url.query)).get("wait"))
            case ["cancel", job_id]:
                queue.cancel(job_id)
                self._send_job(job_id)
            case [("job-done" | "job-stream") as route, worker, job_id]:
                self._send(queue.receive(worker, job_id, raw, is_stream=route == "job-stream"), {})
            case _:
                self._send(404, {"error": "no such route"})

    def _run_and_wait(self, request: dict[str, Any], wait_milliseconds: str | None) -> None:
        queue = self.server.queue
        job_id = queue.submit_request(request, prefix="sync-")
        seconds = _SYNC_SECONDS if wait_milliseconds is None else float(wait_milliseconds) / 1000
        try:
            queue.wait(job_id, seconds)
        except TimeoutError:
            """The client gets the state that the job is in, and asks for its status later."""
        self._send_job(job_id)

    def _send_job(self, job_id: str, *, with_stream: bool = False) -> None:
        try:
            job = self.server.queue.job(job_id)
        except KeyError:
            self._send(404, {"error": "job not found"})
            return
        chunks = [post.body for post in self.server.queue.posts if post.kind == "stream" and post.job_id == job_id]
        self._send(200, _status(job) | ({"stream": chunks} if with_stream else {}))

    def _send(self, status: int, body: object = None) -> None:
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        if content:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _is_connected(self) -> bool:
        """Whether the client still waits: a job that is handed to a worker that was killed would be lost."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return not readable or self.connection.recv(1, socket.MSG_PEEK) != b""

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def _status(job: CloudJob) -> dict[str, Any]:
    body: dict[str, Any] = {"id": job.id, "status": job.state, "delayTime": 1}
    if job.worker is not None:
        body["workerId"] = job.worker
    if job.output is not None:
        body["output"] = job.output
    if job.error is not None:
        body["error"] = job.error
    if job.state in FINAL_STATES:
        body["executionTime"] = 1
    return body


def _health(jobs: list[CloudJob]) -> dict[str, Any]:
    states = [job.state for job in jobs]
    return {
        "jobs": {
            "completed": states.count("COMPLETED"),
            "failed": states.count("FAILED"),
            "inProgress": states.count("IN_PROGRESS"),
            "inQueue": states.count("IN_QUEUE"),
            "retried": sum(max(0, job.deliveries - 1) for job in jobs),
        },
        "workers": {"idle": 0, "running": len({job.worker for job in jobs if job.state == "IN_PROGRESS"})},
    }
