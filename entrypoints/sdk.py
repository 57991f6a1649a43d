"""RunPod's SDK, imported without a second of waiting."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_NOTHING_KNOWN: Final[Mapping[str, Any]] = {}


def import_sdk() -> Any:  # noqa: ANN401 - the SDK has no types
    """The `runpod` package. The first call takes 0.3 s, further ones nothing. Raises ImportError."""
    with _without_a_look_at_the_processor():
        import runpod  # noqa: PLC0415 - see above

    return runpod


@contextmanager
def _without_a_look_at_the_processor() -> Iterator[None]:
    """Answer for py-cpuinfo that nothing is known, which the SDK takes for an answer.

    `runpod.serverless.utils.rp_debugger` (1.12.0) asks for the processor's name when it is imported, for a report that
    only `--rp_debugger` prints. py-cpuinfo starts two processes for that, of which one sleeps for a second to measure
    the clock while the other spins. To be removed once the SDK asks when it prints.
    """
    try:
        cpuinfo: Any = importlib.import_module("cpuinfo")
    except ImportError:  # the SDK no longer needs it
        yield
        return
    own = cpuinfo.get_cpu_info
    cpuinfo.get_cpu_info = lambda: _NOTHING_KNOWN
    try:
        yield
    finally:
        cpuinfo.get_cpu_info = own
