"""How long a download may take, all in all."""

from typing import Self

import attrs

from application.job_control import JobControl

_SHORTEST = 0.001
"""A socket timeout of 0 would mean non-blocking."""


class OutOfTime(Exception):
    """The download's own time is spent; the job may have more."""


@attrs.frozen
class TimeBudget:
    """The end of one download on the job's clock. The job's own deadline bounds it too."""

    ends_at: float
    control: JobControl

    @classmethod
    def start(cls, seconds: float, control: JobControl) -> Self:
        return cls(control.clock() + seconds, control)

    def timeout(self, at_most: float | None) -> float:
        """Seconds that the next step may block: `at_most`, or what is left if that is less.

        Raises:
            OutOfTime: nothing is left.
            DeadlineExceeded: from `control.check()`.
        """
        self.control.check()
        left = self.ends_at - self.control.clock()
        if left <= 0:
            raise OutOfTime
        bounds = (left, at_most, self.control.seconds_left())
        return max(_SHORTEST, min(bound for bound in bounds if bound is not None))
