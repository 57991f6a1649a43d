"""Deadlines by the job's own clock."""

import pytest

from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_deadline_a_job_may_go_on_for_ever() -> None:
    control = JobControl(clock=lambda: 1e12)
    control.check()
    assert control.seconds_left() is None


def test_the_deadline_ends_it_to_the_moment() -> None:
    clock = Clock()
    control = JobControl(deadline=10.0, clock=clock)
    clock.now = 9.999
    control.check()
    assert control.seconds_left() == pytest.approx(0.001)
    clock.now = 10.0
    with pytest.raises(DeadlineExceeded):
        control.check()
    clock.now = 11.0
    assert control.seconds_left() == 0.0


def test_a_cancelled_job_may_not_go_on_whatever_its_deadline() -> None:
    stop: list[bool] = []
    control = JobControl(deadline=0.0, clock=lambda: -1.0, is_cancelled=lambda: bool(stop))
    control.check()
    stop.append(True)
    with pytest.raises(Cancelled):
        control.check()
    with pytest.raises(Cancelled):
        JobControl(deadline=0.0, is_cancelled=lambda: True).check()


def test_progress_is_reported_to_nobody_unless_somebody_listens() -> None:
    from application.job_control import StageProgress  # noqa: PLC0415

    heard: list[StageProgress] = []
    event = StageProgress("encode", 1, 2)
    JobControl().report(event)
    JobControl(report=heard.append).report(event)
    assert heard == [event]
