"""What a watcher of a job is told: events of its stages become one percentage, an estimate, and few updates."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import attrs

from application.job_control import Place, Stage, StageProgress

_WEIGHTS: Final[dict[Stage, float]] = {"fetch": 2.0, "generate": 84.0, "decode": 0.0, "encode": 10.0, "upload": 4.0}
"""Shares of a usual job's time, in the stages' order: 30 steps, a few seconds of clip, a near store. Frames are
decoded while they are encoded, so `encode` has the weight of both."""
_ORDER: Final = tuple(_WEIGHTS)
_NEVER_DONE: Final = 99.9
"""Percent of a job that has not been answered, whatever its stages say."""
_JUDGED_SECONDS: Final = 1.0
"""A stage's rate is believed after so long; frames come in bursts of a decoded chunk."""


@attrs.frozen
class ProgressUpdate:
    """How far a job is, as its watchers are shown it.

    `step` of `total` units of `stage`: denoising steps (`generate`), frames (`encode`), bytes (`upload`); total is
    None if unknown. `percent` is of the whole job, 0 … 99.9, and never goes back. `eta_seconds` is what is left of
    the job at the rate seen so far; None as long as nothing can be judged by. `place`: whose stage it is, in a job of
    several clips.
    """

    stage: Stage
    step: int
    total: int | None
    percent: float
    eta_seconds: float | None
    place: Place | None = None


Sink = Callable[[ProgressUpdate], None]
Watcher = AbstractContextManager[Sink]
"""Shows one job's updates as long as it is open. When it is closed, nothing is on its way any more."""


@attrs.define(kw_only=True, eq=False)
class ProgressMeter:
    """Turns the events of one job into updates for `sink`; `report` belongs into its JobControl.

    At most one update in `interval` seconds (0: each event) of `clock`, which is monotonic, in seconds. Stages only
    go forward: what an earlier one still reports is dropped. A stage that never reported before a later one began,
    such as `fetch` for a job without a picture, does not count. Of several clips each has the same share of the job,
    and stages of its own; they, too, only go forward. `sink` is called by one thread at a time, in order, and must not
    block; what it raises comes out of `report`.
    """

    sink: Sink
    interval: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = attrs.field(init=False, factory=threading.Lock)
    _place: Place = attrs.field(init=False, default=Place(1, 1))
    _next: int = attrs.field(init=False, default=0)
    _behind: float = attrs.field(init=False, default=0.0)
    _whole: float = attrs.field(init=False, default=sum(_WEIGHTS.values()))
    _percent: float = attrs.field(init=False, default=0.0)
    _rate: "_Rate" = attrs.field(init=False)
    _told_at: float | None = attrs.field(init=False, default=None)

    @_rate.default
    def _unknown(self) -> "_Rate":
        return _Rate()

    def report(self, event: StageProgress) -> None:
        """Take one event, from any thread."""
        with self._lock:
            if not self._is_of_this_clip(event):
                return
            stage = _ORDER.index(event.stage)
            if stage < self._next - 1:
                return
            if stage >= self._next:
                self._enter(stage)
            now = self.clock()
            share = (self._behind + _WEIGHTS[event.stage] * _fraction(event)) / self._whole
            exact = 100 * (self._place.number - 1 + share) / self._place.of
            self._percent = max(self._percent, exact)
            if event.done > 0:
                self._rate.take(now, exact)
            if self._told_at is not None and now - self._told_at < self.interval:
                return
            self._told_at = now
            self.sink(self._update(event))

    def _is_of_this_clip(self, event: StageProgress) -> bool:
        """Whether `event` is of the clip that is being made; with the first of a later one, that is made."""
        place = event.place or Place(1, 1)
        if place.number > self._place.number:
            self._next, self._behind, self._whole = 0, 0.0, sum(_WEIGHTS.values())
        if place.number >= self._place.number:
            self._place = place
        return place == self._place

    def _enter(self, place: int) -> None:
        """The stage at `place` begins: the one before it is done, those between the two were skipped."""
        if self._next > 0:
            self._behind += _WEIGHTS[_ORDER[self._next - 1]]
        self._whole -= sum(_WEIGHTS[stage] for stage in _ORDER[self._next : place])
        self._next = place + 1
        self._rate.begin()

    def _update(self, event: StageProgress) -> ProgressUpdate:
        rate = self._rate.per_second
        return ProgressUpdate(
            stage=event.stage,
            step=event.done,
            total=event.total,
            percent=min(_NEVER_DONE, round(self._percent, 1)),
            eta_seconds=None if rate is None else round((100 - self._percent) / rate, 1),
            place=event.place,
        )


@attrs.define
class _Rate:
    """Percent in a second, measured in one stage from its first finished unit on.

    Not from its beginning: text is encoded before the first step. Until a new stage can be judged, the rate of the
    last one holds.
    """

    per_second: float | None = None
    _first: tuple[float, float] | None = None

    def begin(self) -> None:
        self._first = None

    def take(self, now: float, percent: float) -> None:
        if self._first is None:
            self._first = (now, percent)
            return
        seconds, gained = now - self._first[0], percent - self._first[1]
        if seconds >= _JUDGED_SECONDS and gained > 0:
            self.per_second = gained / seconds


def _fraction(event: StageProgress) -> float:
    return min(1.0, event.done / event.total) if event.total else 0.0
