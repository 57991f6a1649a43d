"""Watching a job never fails it."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from structlog.testing import capture_logs

from application.job_control import StageProgress
from application.progress import ProgressUpdate, Sink
from entrypoints.reporting import reporting

EVENT = StageProgress("generate", 1, 2)


class Watching:
    """A watcher that fails in the given places, each time."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.updates: list[ProgressUpdate] = []
        self.closed = 0

    @contextmanager
    def open(self) -> Iterator[Sink]:
        self._fail("open")
        try:
            yield self._show
        finally:
            self.closed += 1
            self._fail("close")

    def _show(self, update: ProgressUpdate) -> None:
        self.updates.append(update)
        self._fail("show")

    def _fail(self, place: str) -> None:
        if place in self.fails:
            raise OSError(place)


def run(watching: Watching, *, error: BaseException | None = None) -> list[MutableMapping[str, Any]]:
    with capture_logs() as logs, reporting(watching.open(), job_id="j1", interval=0.0) as report:
        for _ in range(3):
            report(EVENT)
        if error is not None:
            raise error
    return logs


def test_a_watcher_is_open_as_long_as_the_job_runs() -> None:
    watching = Watching()
    assert run(watching) == []
    assert [update.percent for update in watching.updates] == [42.9] * 3
    assert watching.closed == 1


@pytest.mark.parametrize(
    ("fails", "updates"),
    [(("open",), 0), (("show",), 3), (("close",), 3), (("show", "close"), 3)],
    ids=["open", "show", "close", "show-close"],
)
def test_a_watcher_that_fails_fails_no_job_and_is_logged_once(fails: tuple[str, ...], updates: int) -> None:
    watching = Watching(*fails)
    logs = run(watching)
    assert [(entry["event"], entry["log_level"], entry["cause"]) for entry in logs] == [
        ("progress.broke", "warning", f"OSError: {fails[0]}")
    ]
    assert len(watching.updates) == updates


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("of the job")], ids=["interrupt", "error"])
@pytest.mark.parametrize("fails", [(), ("close",)])
def test_what_the_job_raises_is_what_comes_out(fails: tuple[str, ...], error: BaseException) -> None:
    watching = Watching(*fails)
    with pytest.raises(type(error)) as caught:
        run(watching, error=error)
    assert caught.value is error
    assert watching.closed == 1


def test_an_interrupt_while_a_watcher_shows_is_not_swallowed() -> None:
    def interrupted(_: ProgressUpdate) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), reporting(nullcontext(interrupted), job_id="j1", interval=0.0) as report:
        report(EVENT)


def test_no_more_than_one_update_in_an_interval() -> None:
    watching = Watching()
    now = [0.0]
    with reporting(watching.open(), job_id="j1", interval=1.0, clock=lambda: now[0]) as report:
        for moment in (0.0, 0.9, 1.0, 1.5, 2.0):
            now[0] = moment
            report(EVENT)
    assert len(watching.updates) == 3
