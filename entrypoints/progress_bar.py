"""A job's progress on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from application.progress import ProgressUpdate, Sink

_UNITS: Final = {"fetch": "pictures", "generate": "steps", "decode": "frames", "encode": "frames", "upload": "bytes"}


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Sink]:
    """A watcher of one job: one bar on `stream`, gone when the job is; nothing where it is no terminal."""
    if not stream.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        TextColumn("{task.percentage:5.1f} %  {task.fields[left]}"),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bars:
        task = bars.add_task("start", total=100, left="")

        def show(update: ProgressUpdate) -> None:
            bars.update(task, description=update.stage, completed=update.percent, left=_left(update))

        yield show


def _left(update: ProgressUpdate) -> str:
    """Such as "item 3/8, 12 of 30 steps, 41 s left"."""
    done = f"{update.step}" if update.total is None else f"{update.step} of {update.total}"
    item = "" if update.place is None else f"item {update.place.number}/{update.place.of}, "
    units = f"{item}{done} {_UNITS[update.stage]}"
    return units if update.eta_seconds is None else f"{units}, {update.eta_seconds:.0f} s left"
