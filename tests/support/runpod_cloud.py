"""A local stand-in for RunPod's cloud: real HTTP between the SDK's worker loop and the SDK's client."""

import threading
from types import TracebackType
from typing import Final, Self

from tests.support.runpod_queue import RunPodQueue
from tests.support.runpod_routes import CloudServer

ENDPOINT: Final = "ep"


class RunPodCloud(RunPodQueue):
    """A context manager; serves on a free port of 127.0.0.1.

        with RunPodCloud() as cloud, WorkerProcess(folder, settings, cloud=cloud) as worker:
            job_id = cloud.submit({"prompt": "A lighthouse"}, policy={"executionTimeout": 60_000})
            job = cloud.wait(job_id)  # job.state, job.output, job.error

    The whole request, `submit`'s extras included, goes to the worker beside `id`. `base_url` is what
    RUNPOD_ENDPOINT_BASE_URL must be for `runpod.Endpoint(ENDPOINT, …)`; `endpoint_url` begins the
    workers' URLs.

    - `until(condition, timeout)` waits for anything; every request wakes it.
    - `cancel(id, signals=2)` sends so many stop signals, one for each answer to the stop poll. A job that no worker
      has yet is only taken out of the queue. What comes for a cancelled job is recorded and changes nothing.
    - `deliver_again(id)` puts a job that was delivered into the queue once more: the platform may do that at any time.
    - `hold_job_take()` keeps job-take polls open, with nothing handed out, until `release_job_take()`; `open_polls`
      tells how many there are, `polls` lists the workers that ever asked.
    - `refuse("final", times=2, status=500)` fails the next posts of a kind: "progress", "final" or "stream".
    - `posts` has everything that was sent about jobs, in order of arrival, refused or not; `progress(id)` and
      `finals(id)` are those of one job. `pings` has the heartbeats, `unhealthy_pings()` the complaints.

    A result over 20 MiB is answered with 400 and the job is COMPLETED without output, as users report. Progress that
    comes after the result is recorded but not shown; whether the platform has such a guard is unknown, so look at the
    order of `posts`. A poll without an answer takes `poll_seconds`: the SDK ends only after its open polls.
    """

    def __init__(self, poll_seconds: float = 1.0) -> None:
        super().__init__(poll_seconds)
        self._server = CloudServer(self)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v2"

    @property
    def endpoint_url(self) -> str:
        return f"{self.base_url}/{ENDPOINT}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._server.shutdown()
        self._server.server_close()
