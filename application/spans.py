"""Wall time of a job's stages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs


@attrs.define
class Spans:
    """Adds up seconds by name on one monotonic clock, from its making on."""

    _clock: Callable[[], float]
    _seconds: dict[str, float] = attrs.field(init=False, factory=dict)
    _begin: float = attrs.field(init=False)

    @_begin.default
    def _now(self) -> float:
        return self._clock()

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Count the time inside as `name`, also when it ends in an error."""
        begin = self._clock()
        try:
            yield
        finally:
            self._seconds[name] = self.seconds(name) + self._clock() - begin

    def seconds(self, name: str) -> float:
        """Seconds counted as `name`; 0 if there were none."""
        return self._seconds.get(name, 0.0)

    def total(self) -> float:
        """Seconds since this was made."""
        return self._clock() - self._begin
