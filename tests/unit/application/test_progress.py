"""From events to percentages that never go back, estimates that can be judged, and few updates."""

import itertools
import threading
import time

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.job_control import Stage, StageProgress
from application.progress import ProgressMeter, ProgressUpdate

STAGES: tuple[Stage, ...] = ("fetch", "generate", "decode", "encode", "upload")
events = st.lists(
    st.builds(
        StageProgress,
        st.sampled_from(STAGES),
        st.integers(-1, 2**40),
        st.none() | st.integers(0, 2**40),
    ),
    max_size=40,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A meter on a clock that stands still until it is moved."""

    def __init__(self, interval: float = 0.0) -> None:
        self.updates: list[ProgressUpdate] = []
        self.clock = Clock()
        self.meter = ProgressMeter(sink=self.updates.append, interval=interval, clock=self.clock)

    def tell(self, stage: Stage, done: int, total: int | None = None, *, after: float = 0.0) -> None:
        self.clock.now += after
        self.meter.report(StageProgress(stage, done, total))

    @property
    def percents(self) -> list[float]:
        return [update.percent for update in self.updates]

    @property
    def etas(self) -> list[float | None]:
        return [update.eta_seconds for update in self.updates]


def test_an_update_says_where_the_job_is() -> None:
    watched = Watched()
    watched.tell("fetch", 1, 1)
    watched.tell("generate", 12, 40)
    assert watched.updates[1] == ProgressUpdate("generate", 12, 40, 27.2, None)


def test_a_job_with_a_picture_goes_through_all_stages() -> None:
    watched = Watched()
    for stage in ("fetch", "generate", "encode", "upload"):
        for done in (0, 1, 2):
            watched.tell(stage, done, 2)
    assert watched.percents == [0, 1, 2, 2, 44, 86, 86, 91, 96, 96, 98, 99.9]


def test_a_job_without_a_picture_begins_at_zero() -> None:
    watched = Watched()
    watched.tell("generate", 0, 30)
    watched.tell("generate", 30, 30)
    assert watched.percents == [0, 85.7]


def test_a_stage_that_was_skipped_does_not_count() -> None:
    watched = Watched()
    watched.tell("upload", 1, 4)
    assert watched.percents == [25]


def test_an_unknown_total_is_the_beginning_of_its_stage() -> None:
    watched = Watched()
    watched.tell("fetch", 1, 1)
    watched.tell("generate", 5)
    watched.tell("generate", 5, 0)
    assert watched.percents == [2, 2, 2]
    assert watched.updates[1].total is None


def test_more_than_the_total_is_the_end_of_its_stage() -> None:
    watched = Watched()
    watched.tell("generate", 60, 30)
    assert watched.percents == [85.7]


def test_what_an_earlier_stage_still_reports_is_dropped() -> None:
    watched = Watched()
    watched.tell("encode", 1, 10)
    watched.tell("generate", 29, 30)
    assert [update.stage for update in watched.updates] == ["encode"]


def test_a_step_may_go_back_but_not_the_percentage() -> None:
    watched = Watched()
    watched.tell("upload", 8, 10)
    watched.tell("upload", 1, 10)
    assert [(update.step, update.percent) for update in watched.updates] == [(8, 80), (1, 80)]


def test_at_most_one_update_in_an_interval() -> None:
    watched = Watched(interval=1.0)
    for step in range(40):
        watched.tell("generate", step, 40, after=0.3 if step else 0)
    assert [update.step for update in watched.updates] == list(range(0, 40, 4))


def test_a_new_stage_waits_for_the_interval_too() -> None:
    watched = Watched(interval=1.0)
    watched.tell("generate", 30, 30)
    watched.tell("encode", 1, 10, after=0.5)
    watched.tell("encode", 2, 10, after=0.5)
    assert [(update.stage, update.step) for update in watched.updates] == [("generate", 30), ("encode", 2)]


def test_the_estimate_is_what_is_left_at_the_rate_of_the_steps() -> None:
    watched = Watched()
    watched.tell(
        "generate", 0, 42
    )  # two percent a step are a hundred percent of 49 steps: 42 of them, and 7 worth more
    watched.tell("generate", 1, 42, after=8.0)  # text was encoded before it
    watched.tell("generate", 2, 42, after=2.0)
    watched.tell("generate", 22, 42, after=40.0)
    assert watched.etas == [None, None, 94.0, 54.0]


def test_there_is_no_estimate_until_a_second_was_seen() -> None:
    watched = Watched()
    for step in range(1, 5):
        watched.tell("generate", step, 30, after=0.3)
    watched.tell("generate", 5, 30, after=0.2)
    assert watched.etas[:4] == [None] * 4
    assert watched.etas[4] == pytest.approx((98 / 84 * 30 - 5) * 1.1 / 4, abs=0.1)


def test_a_new_stage_has_the_last_ones_rate_until_it_has_its_own() -> None:
    watched = Watched()
    watched.tell("encode", 0, 10)
    watched.tell("encode", 1, 10, after=1.0)
    watched.tell("encode", 9, 10, after=8.0)
    watched.tell("upload", 1, 4, after=1.0)
    watched.tell("upload", 3, 4, after=10.0)
    assert watched.etas[2] == 5.0  # a tenth of `encode` and the whole `upload`, which weighs four tenths of it
    assert watched.etas[3] == 3.0
    assert watched.etas[4] == 5.0


def test_a_stage_that_stands_still_changes_no_estimate() -> None:
    watched = Watched()
    watched.tell("generate", 1, 42)
    watched.tell("generate", 2, 42, after=2.0)
    watched.tell("generate", 2, 42, after=50.0)
    watched.tell("generate", 1, 42, after=50.0)
    assert watched.etas[1] == 94.0
    assert watched.etas[2] is not None
    assert watched.etas[3] == watched.etas[2]


def test_a_finished_upload_has_nothing_left_and_is_still_not_a_hundred() -> None:
    watched = Watched()
    watched.tell("upload", 1, 4)
    watched.tell("upload", 4, 4, after=3.0)
    assert (watched.percents[-1], watched.etas[-1]) == (99.9, 0.0)


@given(events, st.lists(st.floats(0, 10), min_size=40, max_size=40))
def test_whatever_is_reported_percentages_grow_and_stay_below_a_hundred(
    reported: list[StageProgress], pauses: list[float]
) -> None:
    watched = Watched()
    for event, pause in zip(reported, pauses, strict=False):
        watched.tell(event.stage, event.done, event.total, after=pause)
    assert watched.percents == sorted(watched.percents)
    assert all(0 <= percent <= 99.9 for percent in watched.percents)
    assert all(eta is None or eta >= 0 for eta in watched.etas)
    places = [STAGES.index(update.stage) for update in watched.updates]
    assert places == sorted(places)


@given(events, st.lists(st.floats(0, 2), min_size=40, max_size=40))
def test_updates_are_never_closer_than_the_interval(reported: list[StageProgress], pauses: list[float]) -> None:
    clock = Clock()
    times: list[float] = []
    meter = ProgressMeter(sink=lambda _: times.append(clock.now), interval=1.0, clock=clock)
    for event, pause in zip(reported, pauses, strict=False):
        clock.now += pause
        meter.report(event)
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(times))


def test_events_of_many_threads_reach_the_sink_one_at_a_time_and_in_order() -> None:
    percents: list[float] = []
    entered = threading.Lock()
    overlaps: list[float] = []

    def sink(update: ProgressUpdate) -> None:
        if not entered.acquire(blocking=False):
            overlaps.append(update.percent)
            return
        time.sleep(0.0005)
        percents.append(update.percent)
        entered.release()

    meter = ProgressMeter(sink=sink, interval=0.0)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for step in range(25):
            meter.report(StageProgress("generate", step, 25))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []
    assert len(percents) == 100
    assert percents == sorted(percents)


def test_what_the_sink_raises_comes_out_and_the_next_event_is_told() -> None:
    told: list[float] = []

    def sink(update: ProgressUpdate) -> None:
        told.append(update.percent)
        if len(told) == 1:
            raise BrokenPipeError

    meter = ProgressMeter(sink=sink, interval=0.0, clock=Clock())
    with pytest.raises(BrokenPipeError):
        meter.report(StageProgress("generate", 1, 2))
    meter.report(StageProgress("generate", 2, 2))
    assert told == [42.9, 85.7]


def test_an_update_is_what_the_contract_says() -> None:
    assert [field.name for field in attrs.fields(ProgressUpdate)] == [
        "stage", "step", "total", "percent", "eta_seconds", "place",
    ]  # fmt: skip
