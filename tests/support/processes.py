"""Processes as /proc shows them."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def children() -> set[int]:
    """Process numbers of this process' children, zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it ended in the meantime
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def open_descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def named_shared_memory() -> list[str]:
    """Names in the folder of shared memory."""
    return sorted(path.name for path in Path("/dev/shm").iterdir())  # noqa: S108 - it is looked at only


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether `condition` came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
