"""Asks a child process, kept warm, and replaces it when it is lost."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, BinaryIO, Final, TypeVar

import attrs

from adapters.http.faults import at_field
from adapters.sandbox.config import ChildLost, SandboxFailed, SandboxLimits
from adapters.sandbox.memory import frozen, input_file, output_file
from adapters.sandbox.process import ChildProcess
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnreadable, OverLimit, WorkerError

ResultT = TypeVar("ResultT")
Accept = Callable[[Mapping[str, Any], memoryview], ResultT]
"""Makes a value of what a child claims (plain JSON values) and of its bytes, which are read-only, which nobody can
change any more, and which are the value's to keep. Raises ValueError where the two cannot be true."""

_NO_START: Final = "Input files cannot be decoded: the decoding process does not start"
_NO_MEMORY: Final = "Input files cannot be decoded: there is no shared memory"
_FAILED: Final = "Input files cannot be decoded: the decoder failed"
_TURN_SECONDS: Final = 0.05
_MESSAGE_CHARACTERS: Final = 500
_REFUSALS: Final[dict[str, type[WorkerError]]] = {
    error.code: error for error in (InputRefused, InputUnreadable, OverLimit)
}
"""What a task may raise. Any other code is no reply."""


@attrs.define(eq=False, kw_only=True)
class Sandbox:
    """One child process that runs `module` (see `adapters.sandbox.child.serve`), for one request at a time.

    It starts with `start`, `check` or the first request, and serves until it crashes, overdraws its limits, is in the
    middle of a job that is cancelled, or has done its share; the next request then starts another one. Threads take
    turns.
    """

    module: str
    limits: SandboxLimits
    _child: ChildProcess | None = attrs.field(default=None, init=False)
    _turn: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    @property
    def pid(self) -> int | None:
        """The child's process number, or None."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start the child if there is none, and do not wait; whether it came up is for `check` to say."""
        with self._exclusive(JobControl()), suppress(OSError):
            if self._child is None:
                self._child = ChildProcess(self.module, self.limits)

    def check(self) -> str:
        """Start the child if there is none, and wait for it; one line about it.

        Raises:
            SandboxFailed: it does not start.
        """
        control = JobControl()
        with self._exclusive(control):
            shut = "" if self._ready_child(control).is_confined else ", system calls are not filtered on this machine"
        return f"a process of its own, {self.limits.memory_bytes // 2**20} MiB, {self.limits.seconds:g} s{shut}"

    def close(self) -> None:
        """End the child, if there is one. It also ends with this object, and with the worker."""
        with self._exclusive(JobControl()):
            self._end_child()

    def run(
        self,
        task: str,
        source: bytes | BinaryIO,
        arguments: Mapping[str, Any],
        accept: Accept[ResultT],
        *,
        path: str,
        control: JobControl,
    ) -> ResultT:
        """What `accept` makes of what `task` makes of `source`. Messages name the request's field `path`.

        `source` is bytes, which are copied to shared memory, or a plain file that is open for reading alone and that
        nobody changes meanwhile; the child gets its descriptor, so nobody else may read from it meanwhile either.

        Raises:
            InputRefused, InputUnreadable, OverLimit: as the task says; InputUnreadable too if the child crashed, took
                too long or too much memory, or gave no reply that could be true.
            SandboxFailed: the child does not start, or its task failed in a way that it should not.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """
        size = len(source) if isinstance(source, bytes) else os.fstat(source.fileno()).st_size
        request = {"task": task, "arguments": dict(arguments), "bytes": size}
        with self._exclusive(control), _shared_files(source, self.limits.output_bytes) as files:
            try:
                reply = self._reply_to(request, files, control)
                return _outcome(reply, files[1], self.limits.output_bytes, accept, path)
            except ChildLost as exc:
                self._end_child()
                raise at_field(InputUnreadable, path, "could not be decoded within the limits") from exc
            except tuple(_REFUSALS.values()):
                raise  # the child's word: it is well
            except BaseException:
                self._end_child()
                raise
            finally:
                self._retire()

    def _reply_to(self, request: Mapping[str, Any], files: tuple[int, int], control: JobControl) -> dict[str, Any]:
        try:
            child = self._hand_over(request, files, control)
        except ChildLost:  # it had ended while nobody looked, so this file did not do it
            self._end_child()
            child = self._hand_over(request, files, control)
        reply = child.hear(time.monotonic() + self.limits.seconds, control.check)
        child.replies += 1
        return reply

    def _hand_over(self, request: Mapping[str, Any], files: tuple[int, int], control: JobControl) -> ChildProcess:
        child = self._ready_child(control)
        child.tell(request, files)
        if child.hear(time.monotonic() + self.limits.seconds, control.check) != {"state": "taken"}:
            message = "the child did not take the request"
            raise ChildLost(message)
        return child

    def _ready_child(self, control: JobControl) -> ChildProcess:
        """The warm one if it is fit. A job that is cancelled while one starts leaves it to the next."""
        if self._child is not None and not self._child.is_fit():
            self._end_child()
        try:
            if self._child is None:
                self._child = ChildProcess(self.module, self.limits)
            self._child.wait_ready(control.check)
        except (OSError, ChildLost) as exc:
            self._end_child()
            raise SandboxFailed(_NO_START) from exc
        return self._child

    def _retire(self) -> None:
        if self._child is not None and self._child.replies >= self.limits.requests:
            self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    @contextmanager
    def _exclusive(self, control: JobControl) -> Iterator[None]:
        while not self._turn.acquire(timeout=_TURN_SECONDS):
            control.check()
        try:
            yield
        finally:
            self._turn.release()


@contextmanager
def _shared_files(source: bytes | BinaryIO, room: int) -> Iterator[tuple[int, int]]:
    """Descriptors of the input and of the output. What is made here is closed afterwards."""
    with ExitStack() as stack:
        try:
            if isinstance(source, bytes):
                given = input_file(source)
                stack.callback(os.close, given)
            else:
                given = source.fileno()
            target = output_file(room)
            stack.callback(os.close, target)
        except OSError as exc:
            raise SandboxFailed(_NO_MEMORY) from exc
        yield given, target


def _outcome(reply: Mapping[str, Any], target: int, room: int, accept: Accept[ResultT], path: str) -> ResultT:
    """Nothing in `reply` is believed before it was looked at."""
    match reply:
        case {"state": "done", "bytes": int() as size, "fields": dict() as fields} if (
            type(size) is int and 0 <= size <= room  # True is an int as well
        ):
            try:
                return accept(fields, frozen(target, size))
            except (OSError, ValueError) as exc:
                message = "the child's result cannot be true"
                raise ChildLost(message) from exc
        case {"state": "refused", "code": str() as code, "message": str() as text} if (
            code in _REFUSALS and len(text) <= _MESSAGE_CHARACTERS and text.isprintable()
        ):
            raise at_field(_REFUSALS[code], path, text)
        case {"state": "failed", "kind": "MemoryError"}:
            message = "the task took too much memory"
            raise ChildLost(message)
        case {"state": "failed", "kind": str() as kind} if kind.isidentifier():
            raise SandboxFailed(_FAILED) from ChildLost(f"the task raised {kind}")
        case _:
            message = "the child gave no reply that could be one"
            raise ChildLost(message)
