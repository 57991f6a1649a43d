"""Several clips in one job: one after the other, in order, each with its own end."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import attrs

from application.job import Job
from application.job_control import JobControl, Place, StageProgress
from domain.batch import Item
from domain.errors import DeadlineExceeded, WorkerError
from domain.requests import GenerationRequest

T = TypeVar("T")


@attrs.frozen
class Attempt(Generic[T]):
    """How an item that was tried ended: `told` is for its caller. `error`: one of ours that ended it."""

    told: T
    error: WorkerError | None = None


@attrs.frozen(kw_only=True)
class GenerateBatch(Generic[T]):
    """Goes through the items of a job. They share the loaded model, its text cache and the job's time.

    `attempt` makes one clip; what it raises ends the whole job, so that it raises nothing but Cancelled. `refuse` tells
    the error of an item that is not tried: what is wrong with it was known before, or nothing more can be done in this
    job, as its time is spent or the device lost.
    """

    attempt: Callable[[GenerationRequest, Job, JobControl], Attempt[T]]
    refuse: Callable[[WorkerError, Job], T]

    def __call__(self, items: Sequence[Item], job: Job, control: JobControl) -> Iterator[T]:
        """What each item's caller is told, in order, each as soon as it is known.

        Progress that an item reports has its place among all of them.

        Raises:
            Cancelled: somebody stopped the job; the items behind it were not tried.
        """
        end: WorkerError | None = None
        for number, item in enumerate(items, start=1):
            own = job.item(number)
            if isinstance(item, WorkerError):
                yield self.refuse(item, own)
                continue
            end = end or _spent(control)
            if end is not None:
                yield self.refuse(type(end)(f"Not begun: {end.message}"), own)
                continue
            tried = self.attempt(item, own, _placed(control, Place(number, len(items))))
            end = tried.error if _ends_all(tried.error) else None
            yield tried.told


def _spent(control: JobControl) -> WorkerError | None:
    """The end of the job's time, if it has come. Raises Cancelled."""
    try:
        control.check()
    except DeadlineExceeded as error:
        return error
    return None


def _ends_all(error: WorkerError | None) -> bool:
    return error is not None and (isinstance(error, DeadlineExceeded) or error.refresh_worker)


def _placed(control: JobControl, place: Place) -> JobControl:
    def report(event: StageProgress) -> None:
        control.report(attrs.evolve(event, place=place))

    return attrs.evolve(control, report=report)
