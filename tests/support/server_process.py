"""A real server as a process of its own on loopback, for as long as a block runs."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import attrs

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
_LOG_TAIL = 4_000


class ServerFailed(Exception):
    """The server did not start, or ended while it was needed; with the end of its log."""

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(f"{message}\n{log.read_text(errors='replace')[-_LOG_TAIL:]}")


@attrs.frozen(kw_only=True)
class Program:
    """How a server is started, and how one sees that it is up.

    `folder` is its own: working directory, home, and the place of its log. `ready` gets the log as it is so far, and
    answers None as long as the server is not up.
    """

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = attrs.field(factory=dict)
    seconds: float = 60.0


@contextmanager
def running(program: Program, ready: Callable[[str], T | None]) -> Iterator[T]:
    """What `ready` answered, while the server runs. Its whole process group is killed at the end.

    Nothing of this process' environment reaches it but PATH.

    Raises:
        ServerFailed: it is not up in time, or it ended by itself.
    """
    program.folder.mkdir(parents=True, exist_ok=True)
    log = program.folder / "server.log"
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(program.folder), **program.environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait(process, program, log, ready)
        if process.poll() is not None:
            message = f"ended by itself with {process.returncode}"
            raise ServerFailed(message, log)
    finally:
        _kill(process)


def _wait(process: subprocess.Popen[bytes], program: Program, log: Path, ready: Callable[[str], T | None]) -> T:
    end = time.monotonic() + program.seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            message = f"ended at its start with {process.returncode}"
            raise ServerFailed(message, log)
        found = ready(log.read_text(errors="replace"))
        if found is not None:
            return found
        time.sleep(0.05)
    message = f"not up after {program.seconds:g} s"
    raise ServerFailed(message, log)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # the group lives as long as its leader does
    process.wait()


def port_in(pattern: str) -> Callable[[str], int | None]:
    """For `running`: the port that a server on port 0 prints, as the first group of `pattern`."""

    def ready(log: str) -> int | None:
        found = re.search(pattern, log)
        return None if found is None else int(found[1])

    return ready


def free_port() -> int:
    """A port of loopback that nobody listens on now. Somebody may a moment later: only for what takes no port 0."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
