"""What the child takes from itself before it looks at a file."""

import math
import resource
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

from adapters.sandbox.system_calls import filter_system_calls

_OPEN_FILES: Final = 16
"""Standard streams, the socket, two of a request, and room for the imports of the warm-up."""
_FIRST_TO_GO: Final = "1000"


def limit_resources(*, memory_bytes: int, output_bytes: int) -> None:
    """Set limits that cannot be raised again, for this process alone.

    Not RLIMIT_NPROC: it counts all of a user's threads, and libwebp decodes with one of its own. The filter of system
    calls forbids new processes.
    """
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    with suppress(OSError):  # no /proc, or one that is read-only
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")


def confine() -> bool:
    """Give up files, network, processes and signals. False where the machine has no such filter."""
    return filter_system_calls()


@attrs.frozen
class CpuAllowance:
    """CPU seconds for each request. Past it the kernel ends the process, also if the worker no longer looks."""

    seconds: float

    def renew(self) -> None:
        """Begin a request."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + self.seconds), resource.RLIM_INFINITY))
