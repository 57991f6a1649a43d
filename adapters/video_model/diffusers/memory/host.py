"""How much memory the host has to give."""

from pathlib import Path
from typing import Final

_MEMINFO: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")
_KIB: Final = 1024


def free_host_bytes(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Bytes that this process can still take before the host, or its container's limit, kills it.

    The least of the kernel's MemAvailable and what the cgroup leaves (v2, else v1; a container sees its own at the
    root of the mount). File pages that a cgroup can drop count as free, as they do in MemAvailable: the checkpoint's
    own pages are among them. None where nothing tells: no Linux.
    """
    told = (_available(meminfo), _left_v2(cgroup), _left_v1(cgroup / "memory"))
    known = [amount for amount in told if amount is not None]
    return max(0, min(known)) if known else None


def _available(meminfo: Path) -> int | None:
    kilobytes = _fields(meminfo).get("MemAvailable")
    return None if kilobytes is None else kilobytes * _KIB


def _left_v2(folder: Path) -> int | None:
    return _left(folder / "memory.max", folder / "memory.current", folder / "memory.stat", "inactive_file")


def _left_v1(folder: Path) -> int | None:
    """Without a limit v1 says about 9.2e18, which the least of all then disregards."""
    return _left(
        folder / "memory.limit_in_bytes",
        folder / "memory.usage_in_bytes",
        folder / "memory.stat",
        "total_inactive_file",
    )


def _left(limit: Path, usage: Path, statistics: Path, droppable: str) -> int | None:
    most, taken = _number(limit), _number(usage)
    if most is None or taken is None:
        return None
    return most - max(0, taken - _fields(statistics).get(droppable, 0))


def _number(file: Path) -> int | None:
    """The number in a file; None if there is no such file, or it says "max"."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _fields(file: Path) -> dict[str, int]:
    """The lines "Name: 123 kB" or "name 123" of a file."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    parts = [line.replace(":", " ").split() for line in lines]
    return {words[0]: int(words[1]) for words in parts if len(words) > 1 and words[1].isdigit()}
