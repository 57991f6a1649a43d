import contextvars
import threading
import time

import pytest

from adapters.object_store.bounded_call import within_deadline
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded, StorageAuth, StorageUnavailable

NO_DEADLINE = JobControl()
VARIABLE = contextvars.ContextVar[str]("VARIABLE")


def soon(seconds: float = 0.05) -> JobControl:
    return JobControl(deadline=time.monotonic() + seconds)


def test_what_the_call_returns_or_raises_comes_out() -> None:
    def refuse() -> None:
        raise StorageAuth("no")  # noqa: EM101 - the text does not matter

    assert within_deadline(lambda: 7, NO_DEADLINE) == 7
    with pytest.raises(StorageAuth, match="no"):
        within_deadline(refuse, NO_DEADLINE)


def test_the_call_sees_the_callers_context() -> None:
    token = VARIABLE.set("job-1")
    assert within_deadline(VARIABLE.get, NO_DEADLINE) == "job-1"
    VARIABLE.reset(token)


def test_a_call_that_stays_silent_is_given_up_soon_after_the_deadline() -> None:
    released = threading.Event()
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        within_deadline(lambda: released.wait(10), soon())
    assert 1.0 <= time.monotonic() - begun < 2.0
    released.set()


def test_a_call_that_stays_silent_is_given_up_when_the_job_is_cancelled() -> None:
    released = threading.Event()
    with pytest.raises(Cancelled):
        within_deadline(lambda: released.wait(10), JobControl(is_cancelled=lambda: True))
    released.set()


def test_an_answer_that_is_on_its_way_still_counts() -> None:
    def answer() -> str:
        time.sleep(0.4)
        return "stored"

    assert within_deadline(answer, soon()) == "stored"


def test_a_call_that_fails_after_the_deadline_fails_for_the_deadline() -> None:
    def fail() -> None:
        time.sleep(0.4)
        message = "timed out"
        raise StorageUnavailable(message)

    with pytest.raises(DeadlineExceeded):
        within_deadline(fail, soon())
