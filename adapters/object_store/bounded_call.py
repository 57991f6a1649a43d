"""A call that blocks, given up for its caller when the job has no more time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Final, TypeVar

from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.1
_GRACE_SECONDS: Final = 1.0
"""After the deadline, for the call to notice by itself and to tidy up, or for an answer that is on its way."""


def within_deadline(operation: Callable[[], T], control: JobControl) -> T:
    """What `operation` returns or raises, while `control` lets the job go on.

    `operation` runs on a thread of its own. One that is given up goes on there, and the process's exit waits for it:
    it must end by itself, at a time-out or where it reads what its caller has closed. obstore's asynchronous
    functions could be cancelled instead, but with them one process in four aborted at its exit (obstore 0.12.1,
    Python 3.11).

    Raises:
        Cancelled, DeadlineExceeded: from `control.check()`.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
    future = executor.submit(copy_context().run, operation)
    try:
        while not wait([future], timeout=_LOOK_SECONDS).done:
            try:
                control.check()
            except (Cancelled, DeadlineExceeded):
                wait([future], timeout=_GRACE_SECONDS)
                if not future.done() or future.exception() is not None:
                    raise
        return future.result()
    finally:
        executor.shutdown(wait=False)
