"""A child that does what a decoder does that a file has taken over. Started by the tests' sandboxes only."""

import ctypes
import fcntl
import itertools
import mmap
import os
import resource
import signal
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.sandbox.child import InputFile, Result, Task, serve
from domain.errors import GpuFailed, InputRefused

NOTHING: Final = memoryview(b"")
_kept: list[object] = []


def task(act: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]) -> Task:
    """A task that does not look at the file."""

    def run(_: InputFile, arguments: Mapping[str, Any]) -> Result:
        return Result(act(arguments) or {}, NOTHING)

    return run


def segfault(_: Mapping[str, Any]) -> None:
    ctypes.string_at(0)


def abort(_: Mapping[str, Any]) -> None:
    os.abort()


def leave(arguments: Mapping[str, Any]) -> None:
    os._exit(arguments["code"])


def grow(_: Mapping[str, Any]) -> None:
    _kept.extend(bytes(1 << 20) for _number in itertools.count())


def loop(_: Mapping[str, Any]) -> None:
    """In C, with the interpreter's lock held: no Python code of the child could end it."""
    sum(itertools.count())


def stall(_: Mapping[str, Any]) -> None:
    time.sleep(60)


def fail(arguments: Mapping[str, Any]) -> None:
    raise {"KeyError": KeyError, "GpuFailed": GpuFailed, "InputRefused": InputRefused}[arguments["kind"]](
        arguments["message"]
    )


def say(arguments: Mapping[str, Any]) -> None:
    """Send a packet as it is, then hold still."""
    _worker_socket().send(arguments["packet"].ljust(arguments["length"]).encode())
    stall(arguments)


def say_later(arguments: Mapping[str, Any]) -> None:
    """Reply as one should, and send more packets after that."""

    def chatter() -> None:
        time.sleep(0.05)
        for packet in arguments["packets"]:
            _worker_socket().send(packet.encode())

    threading.Thread(target=chatter).start()


def keep_writing(_: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep the output mapped for writing."""
    descriptor, size = _output()
    _kept.append(mmap.mmap(descriptor, size))
    return {}


def shrink(_: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"shrink": _attempt(lambda: os.ftruncate(_output()[0], 0))}


def break_out(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What comes of the ways out: "done", or the error's name."""
    worker = os.getppid()
    ways: dict[str, Callable[[], object]] = {
        "read the worker's environment": lambda: Path(f"/proc/{worker}/environ").read_bytes(),
        "read a file": lambda: Path(arguments["readable"]).read_bytes(),
        "write a file": lambda: Path(arguments["writable"]).touch(),
        "delete a file": lambda: Path(arguments["readable"]).unlink(),
        "rename a file": lambda: Path(arguments["readable"]).rename(arguments["writable"]),
        "connect": lambda: socket.create_connection(("127.0.0.1", arguments["port"])),
        "fork": os.fork,
        "posix_spawn": lambda: os.posix_spawn("/bin/true", ["/bin/true"], {}),
        "exec": lambda: os.execv("/bin/true", ["/bin/true"]),  # noqa: S606 - it must not start
        "signal the worker": lambda: os.kill(worker, 0),
        "hold the worker": lambda: os.pidfd_open(worker),
        "limit the worker": lambda: resource.prlimit(worker, resource.RLIMIT_CORE, (0, 0)),
        "let the kernel signal the worker": lambda: fcntl.fcntl(_worker_socket(), fcntl.F_SETOWN, worker),
        "choose the kernel's signal": lambda: fcntl.fcntl(_worker_socket(), 10, signal.SIGKILL),  # F_SETSIG
        "let the kernel signal the worker, by ioctl": lambda: fcntl.ioctl(
            _worker_socket(),
            0x8901,
            struct.pack("i", worker),  # FIOSETOWN
        ),
        "keep memory beyond its end": lambda: _system_call(29, 0, 1 << 16, 0o1600),  # shmget
        "trace the worker": lambda: _system_call(101, 16, worker),
        "read the worker's memory": lambda: _system_call(310, worker, 0, 0, 0, 0, 0),
        "raise the memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, resource.RLIM_INFINITY)),
    }
    return {name: _attempt(way) for name, way in ways.items()}


def use_a_thread(_: Mapping[str, Any]) -> Mapping[str, Any]:
    """libwebp does."""
    thread = threading.Thread(target=_kept.append, args=("from the thread",))
    thread.start()
    thread.join()
    return {"kept": _kept.pop()}


def echo(file: InputFile, _: Mapping[str, Any]) -> Result:
    """What a good child does."""
    return Result({}, memoryview(file.read()))


def _attempt(way: Callable[[], object]) -> str:
    try:
        way()
    except OSError as exc:
        return type(exc).__name__
    except ValueError:
        return "ValueError"
    return "done"


def _system_call(*numbers: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(*numbers) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _worker_socket() -> socket.socket:
    return socket.socket(fileno=os.dup(int(sys.argv[1])))


def _output() -> tuple[int, int]:
    """Descriptor and size of the only file here that is large and empty."""
    for descriptor in range(3, 16):
        try:
            found = os.fstat(descriptor)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and found.st_size > 0:
            return descriptor, found.st_size
    raise AssertionError


if __name__ == "__main__":
    acts = (
        segfault,
        abort,
        leave,
        grow,
        loop,
        stall,
        fail,
        say,
        say_later,
        keep_writing,
        shrink,
        break_out,
        use_a_thread,
    )
    serve({**{act.__name__: task(act) for act in acts}, "echo": echo}, lambda: None)
