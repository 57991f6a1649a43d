"""One job on the device, the others in the order in which they were picked up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from adapters.video_model.turns import Turns
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded, GpuFailed, OutOfMemory, WorkerError


class Crowd:
    """Jobs at one device, each on a thread. `log` has their names as they get it; `ends` what they ended with."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.log: list[str] = []
        self.ends: dict[str, WorkerError] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._threads: list[threading.Thread] = []

    def comes(self, name: str, control: JobControl, work: Callable[[], None] = lambda: None) -> None:
        """`name` takes its turn; returns when it waits, as its first look at `control` shows."""
        looked = threading.Event()

        def clock() -> float:
            looked.set()
            return control.clock()

        def run() -> None:
            try:
                with self.turns.taken(
                    JobControl(
                        deadline=control.deadline or 1e9,
                        clock=clock,
                        is_cancelled=control.is_cancelled,
                        picked_up=control.picked_up,
                    )
                ):
                    self._at_once += 1
                    self.most_at_once = max(self.most_at_once, self._at_once)
                    self.log.append(name)
                    work()
                    self._at_once -= 1
            except WorkerError as exc:
                self.ends[name] = exc

        thread = threading.Thread(target=run)
        thread.start()
        self._threads.append(thread)
        assert looked.wait(10)

    def gone(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def taken(turns: Turns) -> Iterator[None]:
    with turns.taken(JobControl()):
        yield


def test_those_who_wait_get_it_in_the_order_in_which_they_came() -> None:
    crowd = Crowd()
    with taken(crowd.turns):
        for name in "abcdef":
            crowd.comes(name, JobControl())
        assert crowd.log == []
    crowd.gone()
    assert crowd.log == list("abcdef")
    assert crowd.most_at_once == 1


def test_of_those_who_wait_the_one_that_was_picked_up_first_is_next() -> None:
    crowd = Crowd()
    with taken(crowd.turns):
        for name, picked_up in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
            crowd.comes(name, JobControl(picked_up=picked_up))
    crowd.gone()
    assert crowd.log == ["a", "b", "c"]


def test_who_has_it_keeps_it_when_one_comes_that_was_picked_up_earlier() -> None:
    crowd = Crowd()
    with crowd.turns.taken(JobControl(picked_up=5.0)):
        crowd.comes("early", JobControl(picked_up=1.0))
        assert crowd.log == []
    crowd.gone()
    assert crowd.log == ["early"]


@pytest.mark.parametrize("error", [Cancelled, DeadlineExceeded])
def test_who_gives_up_waiting_is_no_longer_in_the_way(error: type[WorkerError]) -> None:
    crowd, over = Crowd(), threading.Event()
    late = JobControl(clock=lambda: 2.0 if over.is_set() else 0.0, deadline=1.0)
    with taken(crowd.turns):
        crowd.comes("gives up", JobControl(is_cancelled=over.is_set) if error is Cancelled else late)
        crowd.comes("stays", JobControl())
        over.set()
        while "gives up" not in crowd.ends:
            threading.Event().wait(0.005)
    crowd.gone()
    assert crowd.log == ["stays"]
    assert type(crowd.ends["gives up"]) is error


def test_a_free_device_is_had_at_once_also_by_a_job_that_is_late() -> None:
    """As before: whoever gets it looks at its deadline itself."""
    with Turns().taken(JobControl(is_cancelled=lambda: True)):
        pass


@pytest.mark.parametrize("error", [OutOfMemory("full"), Cancelled("stop"), ZeroDivisionError()])
def test_an_error_hands_it_on(error: Exception) -> None:
    crowd = Crowd()

    def fail() -> None:
        with taken(crowd.turns):
            crowd.comes("next", JobControl())
            raise error

    with pytest.raises(type(error)):
        fail()
    crowd.gone()
    assert crowd.log == ["next"]


def test_a_lost_device_is_not_handed_on() -> None:
    crowd = Crowd()

    def lose() -> None:
        with taken(crowd.turns):
            for name in "ab":
                crowd.comes(name, JobControl())
            message = "lost"
            raise GpuFailed(message)

    with pytest.raises(GpuFailed, match="lost"):
        lose()
    crowd.gone()
    assert crowd.log == []
    assert {name: (type(end), end.retryable, end.refresh_worker) for name, end in crowd.ends.items()} == {
        "a": (GpuFailed, True, True), "b": (GpuFailed, True, True),
    }  # fmt: skip
    with pytest.raises(GpuFailed, match="while the job waited"), taken(crowd.turns):
        pytest.fail("nobody gets it")
