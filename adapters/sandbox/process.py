"""The worker's hold on one child process."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.sandbox.config import ChildLost, SandboxLimits
from adapters.sandbox.messages import Malformed, receive, send

_APP: Final = Path(__file__).resolve().parents[2]
_LOOK_SECONDS: Final = 0.02
"""How often a wait looks whether the job was cancelled. A reply ends the wait at once."""

_children: "weakref.WeakSet[ChildProcess]" = weakref.WeakSet()


class ChildProcess:
    """`python -m module` in a session of its own, with nothing of the worker's: no variable, descriptor or folder.

    Started by exec (subprocess forks nothing of the worker's memory), which is safe beside CUDA and threads. It dies
    with this object, and with the worker however that ends.
    """

    def __init__(self, module: str, limits: SandboxLimits) -> None:
        """Start, and do not wait. Raises OSError if there can be no process."""
        self._worker_end, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with child_end:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-s", "-P", "-m", module, str(child_end.fileno())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # Pillow's warnings about strangers' files; a crash has its signal
                    cwd="/",
                    env=_environment(),
                    pass_fds=(child_end.fileno(),),
                    start_new_session=True,
                )
            except BaseException:
                self._worker_end.close()
                raise
        self._process = process
        self.end: Callable[[], object] = weakref.finalize(self, _end, process, self._worker_end)
        """Kill it, wait until it is gone, close what belongs to it. Also at the interpreter's exit; twice is fine."""
        self.is_confined: bool | None = None
        """Whether its system calls are filtered; None before it is ready."""
        self.replies = 0
        """Requests that it has answered."""
        self._ready_by = time.monotonic() + limits.start_seconds
        _children.add(self)
        with suppress(OSError):  # it has ended already, which `wait_ready` will find
            send(self._worker_end, attrs.asdict(limits))

    @property
    def pid(self) -> int:
        """Its process number, and its session's."""
        return self._process.pid

    def is_fit(self) -> bool:
        """Whether it lives, and has nothing to say that nobody asked for, as far as can be seen."""
        lives = self._worker_end.fileno() >= 0 and self._process.poll() is None
        return lives and (self.is_confined is None or not self._readable(0.0))

    def wait_ready(self, check: Callable[[], None]) -> None:
        """Return when it takes requests; `check` is called all the while. Raises ChildLost."""
        if self.is_confined is not None:
            return
        match self.hear(self._ready_by, check):
            case {"state": "ready", "confined": bool() as confined}:
                self.is_confined = confined
            case _:
                message = "the child did not say that it is ready"
                raise ChildLost(message)

    def tell(self, message: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Send a request. Raises ChildLost."""
        try:
            send(self._worker_end, message, descriptors)
        except OSError as exc:
            raise self._lost() from exc

    def hear(self, end: float, check: Callable[[], None]) -> dict[str, Any]:
        """The next message, unless the monotonic clock reaches `end` before; `check` is called all the while.

        Raises:
            ChildLost: the child is gone, too slow, or says something that is no message.
        """
        while not self._readable(min(_LOOK_SECONDS, max(0.0, end - time.monotonic()))):
            check()
            if time.monotonic() >= end:
                message = "the child took too long"
                raise ChildLost(message)
        try:
            heard = receive(self._worker_end)
        except Malformed as exc:
            raise ChildLost(str(exc)) from exc
        if heard is None:
            raise self._lost()
        return heard

    def _readable(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._worker_end, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    def _lost(self) -> ChildLost:
        self.end()
        return ChildLost(f"the child ended with {self._process.returncode}")

    def forget(self) -> None:
        """Let go without killing: this process is a fork, and the child its parent's."""
        self._worker_end.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.returncode = 0
        if isinstance(self.end, weakref.finalize):
            self.end.detach()


def _environment() -> dict[str, str]:
    """Everything that the child has as environment: the worker's holds secrets."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_APP),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",  # each would reserve 64 MiB of the address space
        # Keep what one picture took for the next. Fresh memory costs a page fault for every 4 KiB, 10 ms in all for
        # a 1080p JPEG: half of its decoding.
        "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
        "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20),
    }


def _end(process: "subprocess.Popen[bytes]", worker_end: socket.socket) -> None:
    worker_end.close()
    if process.poll() is None:  # not reaped, so that the number is still its own
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    process.wait()


def _forget_all() -> None:
    for child in list(_children):
        child.forget()


# The SDK forks its ping process: with copies of our ends it would keep the child alive when the worker is gone.
os.register_at_fork(after_in_child=_forget_all)
