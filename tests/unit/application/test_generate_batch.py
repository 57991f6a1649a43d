"""Items one after the other: which are tried, what ends them all, whose progress it is."""

from collections.abc import Iterator

import pytest

from application.generate_batch import Attempt, GenerateBatch
from application.job import Job
from application.job_control import JobControl, Place, StageProgress
from domain.batch import Item
from domain.errors import (
    Cancelled,
    DeadlineExceeded,
    Fault,
    GpuFailed,
    InputUnavailable,
    InvalidInput,
    OutOfMemory,
    WorkerError,
)
from domain.requests import GenerationRequest, Prompt, TextToVideo

GOOD = TextToVideo(prompt=Prompt("a"))
WRONG = InvalidInput((Fault("prompt", "is required"),))


class Bench:
    """An attempt that ends as it is told, by the item's number; None of the tree and no error: it went well."""

    def __init__(self, **ends: WorkerError) -> None:
        self.ends = {int(name.removeprefix("n")): error for name, error in ends.items()}
        self.tried: list[int] = []
        self.seen: list[StageProgress] = []
        self.now = 0.0
        self.stop = False

    def attempt(self, _: GenerationRequest, job: Job, control: JobControl) -> Attempt[str]:
        assert job.number is not None
        self.tried.append(job.number)
        control.report(StageProgress("generate", 1, 2))
        error = self.ends.get(job.number)
        if isinstance(error, Cancelled):
            raise error
        self.now += 1
        return Attempt("made" if error is None else error.code, error)

    def run(self, *items: Item, deadline: float | None = None) -> Iterator[str]:
        batch = GenerateBatch(attempt=self.attempt, refuse=lambda error, job: f"{job.number} {error.message}")
        control = JobControl(
            deadline=deadline, clock=lambda: self.now, report=self.seen.append, is_cancelled=lambda: self.stop
        )
        return batch(items, Job(id="a"), control)


def test_each_item_has_its_own_end() -> None:
    bench = Bench(n3=InputUnavailable("gone"), n4=OutOfMemory("full"))
    told = list(bench.run(GOOD, WRONG, GOOD, GOOD, GOOD))
    assert told == ["made", "2 Invalid input: prompt is required", "input_unavailable", "out_of_memory", "made"]
    assert bench.tried == [1, 3, 4, 5]


def test_each_end_is_told_before_the_next_item_begins() -> None:
    bench = Bench()
    run = bench.run(GOOD, GOOD)
    next(run)
    assert bench.tried == [1]


@pytest.mark.parametrize("error", [GpuFailed("lost"), DeadlineExceeded("late")])
def test_what_ends_all_is_told_for_the_rest_which_is_not_tried(error: WorkerError) -> None:
    bench = Bench(n2=error)
    told = list(bench.run(GOOD, GOOD, WRONG, GOOD))
    assert told == [
        "made", error.code, "3 Invalid input: prompt is required", f"4 Not begun: {error.message}",
    ]  # fmt: skip
    assert bench.tried == [1, 2]


def test_no_item_begins_behind_the_deadline() -> None:
    bench = Bench()
    late = "Not begun: The job's time budget ran out before it was finished"
    assert list(bench.run(*[GOOD] * 4, deadline=2.0)) == ["made", "made", f"3 {late}", f"4 {late}"]
    assert bench.tried == [1, 2]


def test_a_stop_ends_the_whole_job() -> None:
    bench = Bench(n2=Cancelled("stopped"))
    run = bench.run(GOOD, GOOD, GOOD)
    assert next(run) == "made"
    with pytest.raises(Cancelled):
        next(run)
    between = Bench()
    run = between.run(GOOD, GOOD)
    next(run)
    between.stop = True
    with pytest.raises(Cancelled):
        next(run)
    assert (bench.tried, between.tried) == ([1, 2], [1])


def test_progress_has_its_place() -> None:
    bench = Bench()
    list(bench.run(WRONG, GOOD, GOOD))
    assert bench.seen == [StageProgress("generate", 1, 2, Place(number, 3)) for number in (2, 3)]
