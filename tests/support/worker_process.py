"""The worker as RunPod starts it: a process of its own, with nothing in its environment but what is listed here."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.support.runpod_cloud import ENDPOINT, RunPodCloud

ROOT: Final = Path(__file__).resolve().parents[2]
WORKER: Final = ("-m", "entrypoints.runpod_worker")
API_KEY: Final = "rpa_KEY_OF_THE_PLATFORM"

_START_SECONDS: Final = 60.0


class WorkerProcess:
    """A context manager: `python -m entrypoints.runpod_worker`, or another `command`, run in the service's root.

    With `cloud` the environment is that of RunPod's queue; without, the SDK runs what the command line says.
    `folder` gets the process' home (empty), its temporary folder `tmp`, and what it prints. On exit the whole process
    group is killed: the SDK's ping process outlives a killed worker.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        *,
        cloud: RunPodCloud | None = None,
        command: Sequence[str] = WORKER,
        worker_id: str = "worker-1",
    ) -> None:
        self.tmp = folder / "tmp"
        self._home = folder / "home"
        self._stdout = folder / "stdout.txt"
        self._stderr = folder / "stderr.txt"
        self._cloud = cloud
        self._worker_id = worker_id
        self._command = [sys.executable, "-u", *command]
        self._environment = {
            **({} if cloud is None else _queue_variables(cloud, worker_id)),
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "TMPDIR": str(self.tmp),
            "OMP_NUM_THREADS": "1",
            **settings,
        }

    def __enter__(self) -> Self:
        self._home.mkdir()
        self.tmp.mkdir()
        with self._stdout.open("wb") as out, self._stderr.open("wb") as err:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            """Nobody of the group is left."""
        self._process.wait()

    @property
    def returncode(self) -> int | None:
        """What the process ended with; negative: by that signal; None: it runs."""
        return self._process.poll()

    def wait_ready(self, timeout: float = _START_SECONDS) -> None:
        """Return when the worker asks for jobs. Raises RuntimeError if it ends instead."""
        cloud = self._cloud
        if cloud is None:
            message = "there is no queue that it could ask"
            raise ValueError(message)
        cloud.until(
            lambda: self._worker_id in cloud.polls or self.returncode is not None, timeout, "the worker's first poll"
        )
        if self.returncode is not None:
            message = f"the worker ended with {self.returncode}:\n{self.output()[-4000:]}"
            raise RuntimeError(message)

    def wait_listening(self, port: int, timeout: float = _START_SECONDS) -> None:
        """Return when something takes connections on `port` of 127.0.0.1. Raises RuntimeError if it never does."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.returncode is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        message = f"nobody listens:\n{self.output()[-4000:]}"
        raise RuntimeError(message)

    def wait_exit(self, timeout: float = _START_SECONDS) -> int:
        """The exit code, when the process has ended. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout)

    def terminate(self) -> None:
        """SIGTERM to the worker alone, as the platform sends it."""
        self._process.terminate()

    def log_lines(self) -> list[dict[str, Any]]:
        """Our own lines, parsed. Raises ValueError for a line on stderr that is no JSON."""
        return [json.loads(line) for line in self._stderr.read_text(encoding="utf-8").splitlines()]

    def events(self, event: str, job_id: str | None = None) -> list[dict[str, Any]]:
        """Our own lines about `event`, those of one job if `job_id` is given."""
        lines = [line for line in self.log_lines() if line["event"] == event]
        return [line for line in lines if job_id is None or line.get("job_id") == job_id]

    def output(self) -> str:
        """Everything that was printed: the SDK's lines on stdout, then ours on stderr."""
        return self._stdout.read_text(encoding="utf-8") + self._stderr.read_text(encoding="utf-8")


def _queue_variables(cloud: RunPodCloud, worker_id: str) -> dict[str, str]:
    """As the platform sets them; the "?" and "/job-take/" matter to the SDK. The system checks are for its machines."""
    url = cloud.endpoint_url
    return {
        "RUNPOD_POD_ID": worker_id,
        "RUNPOD_ENDPOINT_ID": ENDPOINT,
        "RUNPOD_AI_API_KEY": API_KEY,
        "RUNPOD_WEBHOOK_GET_JOB": f"{url}/job-take/$ID?gpu=none",
        "RUNPOD_WEBHOOK_POST_OUTPUT": f"{url}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
        "RUNPOD_WEBHOOK_POST_STREAM": f"{url}/job-stream/$RUNPOD_POD_ID/$ID?gpu=none",
        "RUNPOD_WEBHOOK_PING": f"{url}/ping/$RUNPOD_POD_ID",
        "RUNPOD_PING_INTERVAL": "1000",
        "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        "RUNPOD_SKIP_GPU_CHECK": "true",
    }
