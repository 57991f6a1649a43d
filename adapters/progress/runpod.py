"""RunPod's door for progress: what is posted there is `output` in the job's status while it runs."""

import inspect
from collections.abc import Callable
from typing import Any, Final

import attrs
from runpod import http_client
from runpod.serverless.modules import rp_http

from adapters.progress.posts import JobPosts, Line

_SEND_PARAMETERS: Final = ("session", "job_data", "job")


@attrs.frozen(kw_only=True)
class RunPodProgress:
    """Opens a job's progress (`Watcher`): `progress(job_id)`.

    Not the SDK's `progress_update`: it starts a thread for each update that nobody can join, and an update sent just
    before the end arrived after the result 12 times of 12 (SDK 1.12.0). Below it is an asynchronous call, which ours
    shares; what that one cannot send it prints on its own and keeps to itself.

    `interval`: seconds between two posts; `cap`: seconds that one may take, its retries included.
    """

    line: Line
    interval: float = 1.0
    cap: float = 2.0

    def __call__(self, job_id: str) -> JobPosts:
        return JobPosts(self.line, job_id, interval=self.interval, cap=self.cap)


def sdk_line() -> Line:
    """The SDK's own call. It reads the platform's URL from the environment when it is imported. Raises RuntimeError."""
    return checked_line(session=http_client.AsyncClientSession, send=rp_http.send_result)


def checked_line(*, session: Callable[..., Any], send: Callable[..., Any]) -> Line:
    """The two as a Line.

    Raises:
        RuntimeError: they are not what is relied on. An upgrade of the SDK is noticed at the start, not in each job.
    """
    takes_options = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(session).parameters.values())
    parameters = tuple(inspect.signature(send).parameters)
    if not takes_options or not inspect.iscoroutinefunction(send) or parameters[:3] != _SEND_PARAMETERS:
        message = "This version of runpod is not the one that progress posts rely on"
        raise RuntimeError(message)
    return Line(session=session, send=send)
