"""How far this process's resident memory rose within a block, its highest moment included."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

_PROCESS: Final = Path("/proc/self")
_RESET_PEAK: Final = "5"  # proc_pid_clear_refs(5)


@attrs.define
class Rise:
    """`size` is in bytes, and known after the block."""

    size: int = 0


@contextmanager
def resident_rise() -> Iterator[Rise]:
    """Linux only. The peak of the whole process is forgotten."""
    (_PROCESS / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    before = peak()
    rise = Rise()
    yield rise
    rise.size = peak() - before


def peak() -> int:
    """Of this process, in bytes, since it started or since the last `resident_rise`."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", (_PROCESS / "status").read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        message = "no VmHWM in /proc/self/status"
        raise RuntimeError(message)
    return int(found[1]) * 1024
