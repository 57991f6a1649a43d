"""When a job's time budget ends."""

from collections.abc import Mapping
from typing import Final

_MARGIN_SECONDS: Final = 30.0
"""Left for the last step, the reply and its way to the platform."""
_MARGIN_SHARE: Final = 0.1
"""Of a budget so short that the whole margin would eat it."""
_MILLISECONDS: Final = 1000.0
_LONGEST_MILLISECONDS: Final = 7 * 24 * 3600 * 1000
"""RunPod's own upper limit, a week. A caller may send 10**400, which is no float, or 1e308, which no socket takes."""


def deadline_of(job: Mapping[str, object], default_seconds: float, now: float) -> float | None:
    """The reading of the clock at which `job` must be answered; None: never.

    `policy.executionTimeout` (milliseconds) is what the platform kills the job at, so the worker answers a
    little before it. `default_seconds` (JOB_TIMEOUT_SECONDS) is the operator's own figure and is taken as it
    is; 0 means none. Whether the platform hands `policy` on to the worker is undocumented: it is read with care.
    """
    policy = job.get("policy")
    timeout = policy.get("executionTimeout") if isinstance(policy, Mapping) else None
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0:
        seconds = min(timeout, _LONGEST_MILLISECONDS) / _MILLISECONDS
        return now + seconds - min(_MARGIN_SECONDS, _MARGIN_SHARE * seconds)
    return now + default_seconds if default_seconds > 0 else None
