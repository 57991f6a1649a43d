"""When something was at work, on whatever thread; overlapping stretches count once."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

Stretch = tuple[float, float]
"""Two readings of the clock, in seconds."""


class Intervals:
    """Notes stretches of work by the name of who works. Any thread may do so at any time."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock: Final = clock
        self._noted: list[tuple[str, float, float]] = []

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Note what is spent inside."""
        begin = self.clock()
        try:
            yield
        finally:
            self.note(name, begin, self.clock())

    def note(self, name: str, begin: float, end: float) -> None:
        """Note a stretch that has ended."""
        self._noted.append((name, begin, end))

    def forget(self) -> None:
        """Begin anew."""
        self._noted.clear()

    def of(self, *names: str) -> list[Stretch]:
        """The stretches of `names`; of everybody if none is named."""
        return [(begin, end) for name, begin, end in self._noted if not names or name in names]

    def seconds(self, *names: str) -> float:
        """How long any of `names` (everybody, if none is named) was at work."""
        return covered(self.of(*names))


def covered(stretches: Iterable[Stretch]) -> float:
    """The length of the union."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(stretches):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
