"""The progress of a job of several clips."""

from hypothesis import given
from hypothesis import strategies as st

from application.job_control import Place, StageProgress
from application.progress import ProgressMeter, ProgressUpdate

EVENTS = st.lists(
    st.builds(
        StageProgress,
        st.sampled_from(("fetch", "generate", "decode", "encode", "upload")),
        st.integers(-1, 9),
        st.none() | st.integers(0, 9),
        st.builds(Place, st.integers(1, 4), st.just(4)),
    ),
    max_size=40,
)


def shown(*events: StageProgress) -> list[ProgressUpdate]:
    updates: list[ProgressUpdate] = []
    meter = ProgressMeter(sink=updates.append, interval=0.0, clock=lambda: 0.0)
    for event in events:
        meter.report(event)
    return updates


def test_each_clip_has_the_same_share_and_begins_where_the_one_before_it_ended() -> None:
    first, second = Place(1, 4), Place(2, 4)
    updates = shown(
        StageProgress("generate", 0, 10, first),
        StageProgress("generate", 10, 10, first),
        StageProgress("upload", 8, 8, first),
        StageProgress("generate", 0, 10, second),
        StageProgress("upload", 4, 8, second),
        StageProgress("upload", 8, 8, Place(4, 4)),
    )
    assert [update.percent for update in updates] == [0.0, 21.4, 25.0, 25.0, 49.4, 99.9]
    assert [update.place for update in updates[2:4]] == [first, second]


def test_what_an_earlier_clip_still_reports_is_dropped() -> None:
    assert len(shown(StageProgress("generate", 1, 2, Place(2, 2)), StageProgress("upload", 1, 2, Place(1, 2)))) == 1


def test_a_job_of_one_clip_has_no_place() -> None:
    assert shown(StageProgress("generate", 5, 10)) == [ProgressUpdate("generate", 5, 10, 42.9, None)]


@given(EVENTS)
def test_the_percentage_never_goes_back(events: list[StageProgress]) -> None:
    percents = [update.percent for update in shown(*events)]
    assert percents == sorted(percents)
    assert all(0 <= percent <= 99.9 for percent in percents)
