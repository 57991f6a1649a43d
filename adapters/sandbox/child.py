"""The child's side: a loop that does one task after the other, within its limits.

`python -m <module that calls serve> DESCRIPTOR`, started by `ChildProcess`. Stdin is a pipe that nobody writes to: its
end is the worker's end.
"""

import fcntl
import os
import socket
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from adapters.sandbox.confinement import CpuAllowance, confine, limit_resources
from adapters.sandbox.memory import read_all, write_all
from adapters.sandbox.messages import receive, receive_with_descriptors, send
from domain.errors import InputRefused, InputUnreadable, OverLimit

_MESSAGE_CHARACTERS: Final = 500


@attrs.frozen(eq=False)
class Result:
    """What a task came to: a few small values, and the pixels or samples as bytes."""

    fields: Mapping[str, Any]
    data: memoryview


@attrs.frozen(eq=False)
class InputFile:
    """The file that a task is about, open for reading; `size` is its length in bytes. It is closed after the task.

    It may stand anywhere: whoever reads it begins with a seek, or with `pread`.
    """

    descriptor: int
    size: int

    def read(self) -> bytes:
        """All of it. Raises ValueError if it is shorter than the worker said."""
        return read_all(self.descriptor, self.size)


Task = Callable[[InputFile, Mapping[str, Any]], Result]
"""(the file, arguments) to a result. Raises InputRefused, InputUnreadable or OverLimit with one fault, whose message
reaches the caller and whose path does not count: the worker knows it."""


def serve(tasks: Mapping[str, Task], warm_up: Callable[[], None]) -> None:
    """Do what the worker asks for, until it is gone.

    `warm_up` must have loaded everything that the tasks need: no file can be opened after it.
    """
    with socket.socket(fileno=int(sys.argv[1])) as worker:
        _end_with_the_worker()
        limits = receive(worker)
        if limits is None:
            return
        warnings.simplefilter("ignore")  # nobody reads them, and to print one Python opens the source
        limit_resources(memory_bytes=limits["memory_bytes"], output_bytes=limits["output_bytes"])
        warm_up()
        send(worker, {"state": "ready", "confined": confine()})
        allowance = CpuAllowance(limits["seconds"])
        while (request := receive_with_descriptors(worker)) is not None:
            send(worker, {"state": "taken"})
            allowance.renew()
            send(worker, _reply(tasks, *request))


def _end_with_the_worker() -> None:
    """Let the kernel end this process when the worker is gone, also in the middle of a decoder's loop.

    SIGIO, which nobody here handles, comes when the pipe's other end is closed. Not PR_SET_PDEATHSIG: that goes by
    the thread that started the child, and a job's thread ends long before the worker does.
    """
    stdin = sys.stdin.fileno()
    fcntl.fcntl(stdin, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(stdin, fcntl.F_SETFL, fcntl.fcntl(stdin, fcntl.F_GETFL) | os.O_ASYNC)


def _reply(tasks: Mapping[str, Task], request: Mapping[str, Any], descriptors: list[int]) -> dict[str, Any]:
    try:
        source, target = descriptors
        result = tasks[request["task"]](InputFile(source, request["bytes"]), request["arguments"])
        write_all(target, result.data)
    except (InputRefused, InputUnreadable, OverLimit) as exc:
        reason = exc.faults[0].message if exc.faults else exc.message
        return {"state": "refused", "code": exc.code, "message": reason[:_MESSAGE_CHARACTERS]}
    except Exception as exc:  # noqa: BLE001 - the edge of a process: the worker says what becomes of the job
        return {"state": "failed", "kind": type(exc).__name__}
    else:
        return {"state": "done", "bytes": len(result.data), "fields": dict(result.fields)}
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
