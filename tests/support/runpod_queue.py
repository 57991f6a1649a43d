"""What RunPod's queue knows: jobs, deliveries, stop signals, and all that workers have sent. No HTTP here."""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

PostKind = Literal["progress", "final", "stream"]

FINAL_STATES: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
_MAX_RESULT: Final = 20 * 1024 * 1024
_TICK: Final = 0.1
"""Seconds after which a waiting poll looks whether its client is still there."""


@attrs.define(kw_only=True)
class CloudJob:
    """`request` is the whole body of the submission; `worker` had the last delivery."""

    id: str
    request: Mapping[str, Any]
    state: str = "IN_QUEUE"
    output: Any = None
    error: Any = None
    deliveries: int = 0
    worker: str | None = None


@attrs.frozen(kw_only=True)
class Post:
    """What a worker sent about a job. `status` is what it was answered, `seconds` a monotonic reading."""

    kind: PostKind
    worker: str
    job_id: str
    body: Any
    size: int
    status: int
    seconds: float


@attrs.frozen(kw_only=True)
class Ping:
    worker: str
    query: Mapping[str, str]
    seconds: float


class RunPodQueue:
    """The state behind RunPodCloud, whose docstring is the manual. Every method may be called from any thread."""

    def __init__(self, poll_seconds: float) -> None:
        self.posts: list[Post] = []
        self.pings: list[Ping] = []
        self.polls: list[str] = []
        self._poll_seconds = poll_seconds
        self._jobs: dict[str, CloudJob] = {}
        self._queue: deque[str] = deque()
        self._signals: deque[str] = deque()
        self._refusals: dict[PostKind, deque[int]] = {"progress": deque(), "final": deque(), "stream": deque()}
        self._is_held = False
        self._is_closed = False
        self._open_polls = 0
        self._changed = threading.Condition()

    # For tests and for the clients' routes

    def submit(self, job_input: object, **extras: object) -> str:
        return self.submit_request({"input": job_input, **extras})

    def submit_request(self, request: Mapping[str, Any], prefix: str = "") -> str:
        """`request` as a client sends it; an id in it is overwritten by the queue's own."""
        job = CloudJob(id=f"{prefix}{uuid.uuid4()}-e1", request=request)
        with self._changed:
            self._jobs[job.id] = job
            self._queue.append(job.id)
            self._changed.notify_all()
        return job.id

    def deliver_again(self, job_id: str) -> None:
        with self._changed:
            self._jobs[job_id].state = "IN_QUEUE"
            self._queue.append(job_id)
            self._changed.notify_all()

    def cancel(self, job_id: str, signals: int = 1) -> None:
        with self._changed:
            job = self._jobs[job_id]
            if job.state in FINAL_STATES:
                return
            if job.state == "IN_PROGRESS":
                self._signals.extend([job_id] * signals)
            job.state = "CANCELLED"
            self._changed.notify_all()

    def job(self, job_id: str) -> CloudJob:
        """The job as it is now. Raises KeyError for an id that was never given."""
        with self._changed:
            return attrs.evolve(self._jobs[job_id])

    def jobs(self) -> list[CloudJob]:
        with self._changed:
            return [attrs.evolve(job) for job in self._jobs.values()]

    def wait(self, job_id: str, timeout: float = 30.0) -> CloudJob:
        self.until(lambda: self._jobs[job_id].state in FINAL_STATES, timeout, f"job {job_id} to end")
        return self.job(job_id)

    def until(self, condition: Callable[[], object], timeout: float = 30.0, what: str = "what was waited for") -> None:
        """Return when `condition` holds; it is asked after every event and a few times a second."""
        end = time.monotonic() + timeout
        with self._changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0:
                    message = f"{what} did not happen within {timeout} s; jobs: {self._states()}"
                    raise TimeoutError(message)
                self._changed.wait(min(left, _TICK))

    def progress(self, job_id: str) -> list[Post]:
        return [post for post in self.posts if post.job_id == job_id and post.kind == "progress"]

    def finals(self, job_id: str) -> list[Post]:
        return [post for post in self.posts if post.job_id == job_id and post.kind == "final"]

    def unhealthy_pings(self) -> list[Ping]:
        return [ping for ping in self.pings if ping.query.get("status") == "unhealthy"]

    def refuse(self, kind: PostKind, times: int = 1, status: int = 500) -> None:
        with self._changed:
            self._refusals[kind].extend([status] * times)

    def hold_job_take(self) -> None:
        with self._changed:
            self._is_held = True

    def release_job_take(self) -> None:
        with self._changed:
            self._is_held = False
            self._changed.notify_all()

    @property
    def open_polls(self) -> int:
        """Job-take polls that wait for an answer right now."""
        return self._open_polls

    def close(self) -> None:
        """Let every poll that waits end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # For the workers' routes

    def take(self, worker: str, limit: int, is_connected: Callable[[], bool]) -> list[dict[str, Any]]:
        """Up to `limit` deliveries; none when nothing came within the poll's time, or the client has gone."""
        end = time.monotonic() + self._poll_seconds
        with self._changed:
            self.polls.append(worker)
            self._open_polls += 1
            self._changed.notify_all()
            try:
                while not self._is_closed and is_connected():
                    if not self._is_held:
                        if delivered := self._pop(worker, limit):
                            return delivered
                        if time.monotonic() >= end:
                            break
                    self._changed.wait(_TICK)
                return []
            finally:
                self._open_polls -= 1

    def stop_signal(self, worker: str, is_connected: Callable[[], bool]) -> str | None:
        """The id of a job that `worker` must stop, one signal at a time."""
        end = time.monotonic() + self._poll_seconds
        with self._changed:
            while not self._is_closed and is_connected():
                for job_id in self._signals:
                    if self._jobs[job_id].worker == worker:
                        self._signals.remove(job_id)
                        return job_id
                if time.monotonic() >= end:
                    break
                self._changed.wait(_TICK)
        return None

    def receive(self, worker: str, job_id: str, raw: bytes, *, is_stream: bool = False) -> int:
        """The HTTP status with which a post about a job is answered."""
        body = _parsed(raw)
        kind: PostKind = "stream" if is_stream else "progress" if _is_progress(body) else "final"
        with self._changed:
            refusals = self._refusals[kind]
            is_too_large = len(raw) > _MAX_RESULT
            status = refusals.popleft() if refusals else 400 if body is None or is_too_large else 200
            self.posts.append(
                Post(
                    kind=kind,
                    worker=worker,
                    job_id=job_id,
                    body=body,
                    size=len(raw),
                    status=status,
                    seconds=time.monotonic(),
                )
            )
            if kind == "final" and is_too_large:
                self._finish(job_id, {})  # as reported: COMPLETED without output
            elif status == 200 and kind == "progress":
                self._show_progress(job_id, body)
            elif status == 200 and kind == "final":
                self._finish(job_id, body)
            self._changed.notify_all()
        return status

    def ping(self, worker: str, query: Mapping[str, str]) -> None:
        with self._changed:
            self.pings.append(Ping(worker=worker, query=query, seconds=time.monotonic()))
            self._changed.notify_all()

    def _pop(self, worker: str, limit: int) -> list[dict[str, Any]]:
        delivered: list[dict[str, Any]] = []
        while self._queue and len(delivered) < limit:
            job = self._jobs[self._queue.popleft()]
            if job.state == "CANCELLED":
                continue
            job.state, job.worker = "IN_PROGRESS", worker
            job.deliveries += 1
            delivered.append({**job.request, "id": job.id})
        return delivered

    def _show_progress(self, job_id: str, body: Mapping[str, Any]) -> None:
        job = self._jobs[job_id]
        if job.state not in FINAL_STATES:
            job.output = body.get("output")

    def _finish(self, job_id: str, body: Mapping[str, Any]) -> None:
        job = self._jobs[job_id]
        if job.state in ("CANCELLED", "TIMED_OUT"):
            return
        job.output, job.error = body.get("output"), body.get("error")
        job.state = "FAILED" if job.error else "COMPLETED"

    def _states(self) -> dict[str, str]:
        return {job.id: job.state for job in self._jobs.values()}


def _parsed(raw: bytes) -> Any:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _is_progress(body: Any) -> bool:
    return body is not None and body.get("status") == "IN_PROGRESS"
