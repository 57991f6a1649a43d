"""A job's progress on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from application.job_control import StageProgress


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Callable[[StageProgress], None]]:
    """A `report` for JobControl: one bar for each stage on `stream`, nothing where it is no terminal."""
    if not stream.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(file=stream), transient=True) as bars:
        tasks = {}

        def report(event: StageProgress) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=event.total)
            bars.update(tasks[event.stage], completed=event.done, total=event.total)

        yield report
