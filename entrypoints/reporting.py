"""A job's `report` over whoever watches it, so that watching never fails a job."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

import attrs
import structlog

from application.job_control import StageProgress
from application.progress import ProgressMeter, Watcher

_log = structlog.get_logger()


@contextmanager
def reporting(
    watcher: Watcher, *, job_id: str, interval: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[StageProgress], None]]:
    """A `report` for JobControl that shows `watcher` at most one update in `interval` seconds.

    Nothing that goes wrong with the watcher, from opening to closing it, gets out; the first of it is logged.
    """
    meter: ProgressMeter | None = None
    harmless = _Harmless()

    def report(event: StageProgress) -> None:
        if meter is not None:
            with harmless:
                meter.report(event)

    with structlog.contextvars.bound_contextvars(job_id=job_id, mode=None), ExitStack() as opened:
        with harmless:
            meter = ProgressMeter(sink=opened.enter_context(watcher), interval=interval, clock=clock)
        try:
            yield report
        finally:
            with harmless:
                opened.close()


@attrs.define
class _Harmless:
    """The one place where a watcher's failure ends. It may be entered by several threads at once."""

    _is_told: bool = False

    def __enter__(self) -> None: ...

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(exc, Exception):
            return False
        if not self._is_told:
            self._is_told = True
            _log.warning("progress.broke", cause=f"{type(exc).__name__}: {exc}")
        return True
