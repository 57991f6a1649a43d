"""How a relay ends: whichever side fails, both are through, and what went wrong comes out as it is."""

import threading
from collections.abc import Iterator

import pytest

from application.chunk_ring import CHUNKS
from application.job_control import JobControl
from application.relay import Relay
from domain.clip import Clip
from domain.errors import Cancelled, DeadlineExceeded, DiskFull, EncodeFailed, GpuFailed, WorkerError
from tests.unit.application.test_relay import CONTROL, clip, collect, drawn, relayed


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("after", [0, 1, 7])
@pytest.mark.parametrize("error", [GpuFailed("lost"), DeadlineExceeded("late"), ZeroDivisionError()])
def test_an_error_of_the_making_comes_out_as_it_is_and_the_use_is_stopped(after: int, error: Exception) -> None:
    ends: list[BaseException] = []

    def chunks() -> Iterator[memoryview]:
        yield from drawn(after)
        raise error

    def use(made: Clip, control: JobControl) -> bytes:
        try:
            return collect(made, control)
        except BaseException as exc:
            ends.append(exc)
            message = "another one, which nobody hears of"
            raise EncodeFailed(message) from exc

    with pytest.raises(type(error)) as caught:
        relayed(use, clip(chunks()))
    assert caught.value is error
    assert [type(end) for end in ends] == [Cancelled]


def test_a_use_that_takes_no_chunks_sees_the_end_of_the_making_too() -> None:
    """An encoder that finishes its file asks nothing but `control`."""
    entered = threading.Event()

    def chunks() -> Iterator[memoryview]:
        yield from drawn(1)
        assert entered.wait(10)
        message = "lost"
        raise GpuFailed(message)

    def use(_: Clip, control: JobControl) -> bytes:
        entered.set()
        while True:
            control.check()

    with pytest.raises(GpuFailed):
        relayed(use, clip(chunks()))


def test_an_error_behind_the_last_chunk_stops_the_use_as_well() -> None:
    def use(made: Clip, control: JobControl) -> bytes:
        collect(made, control)
        while True:
            control.check()

    def left_with_an_error() -> None:
        with Relay(use, CONTROL) as relay:
            relay.feed(clip(drawn()))
            message = "while the context was left"
            raise GpuFailed(message)

    with pytest.raises(GpuFailed):
        left_with_an_error()


@pytest.mark.parametrize("error", [DiskFull("full"), EncodeFailed("broken"), ZeroDivisionError(), SystemExit(3)])
def test_an_error_of_the_use_stops_the_making_at_its_next_chunk_and_comes_out_as_it_is(error: BaseException) -> None:
    asked, failed = 0, threading.Event()

    def chunks() -> Iterator[memoryview]:
        nonlocal asked
        for chunk in drawn():
            asked += 1
            if asked == 3:
                assert failed.wait(10)
            yield chunk

    def use(made: Clip, _: JobControl) -> bytes:
        next(made.chunks)
        try:
            raise error
        finally:
            failed.set()

    with pytest.raises(type(error)) as caught:
        relayed(use, clip(chunks()))
    assert caught.value is error
    assert asked <= 3 + CHUNKS  # the ring may take what still fits while the thread ends


def test_an_error_of_the_use_is_raised_where_the_chunks_are_made() -> None:
    """So that the model's context is left by an error, and nothing more is asked of the clip."""

    def use(*_: object) -> bytes:
        message = "full"
        raise DiskFull(message)

    endless = (chunk for _ in iter(int, 1) for chunk in drawn())
    with Relay(use, CONTROL) as relay, pytest.raises(DiskFull):
        relay.feed(clip(endless))


def test_an_error_behind_the_last_chunk_comes_out_of_the_result() -> None:
    def use(made: Clip, control: JobControl) -> bytes:
        collect(made, control)
        message = "the index"
        raise DiskFull(message)

    with pytest.raises(DiskFull, match="the index"):
        relayed(use, clip(drawn()))


def test_a_use_that_wants_no_more_ends_the_making_without_an_error() -> None:
    def use(made: Clip, _: JobControl) -> bytes:
        return bytes(next(made.chunks)[:1])

    endless = (chunk for _ in iter(int, 1) for chunk in drawn())
    assert relayed(use, clip(endless)) == b"\0"


@pytest.mark.parametrize(("kind", "side"), [(Cancelled, "making"), (Cancelled, "use"), (DeadlineExceeded, "use")])
def test_whichever_side_sees_the_end_of_the_job_both_end(kind: type[WorkerError], side: str) -> None:
    ended = threading.Event()
    control = JobControl(
        is_cancelled=lambda: kind is Cancelled and ended.is_set(),
        deadline=10.0,
        clock=lambda: 100.0 if kind is DeadlineExceeded and ended.is_set() else 0.0,
    )

    def chunks() -> Iterator[memoryview]:
        for number, chunk in enumerate(drawn()):
            if number == 2:
                ended.set()
            if side == "making":
                control.check()
            yield chunk

    def use(made: Clip, own: JobControl) -> bytes:
        if side == "use":
            return collect(made, own)
        return b"".join(bytes(chunk) for chunk in made.chunks)

    with pytest.raises(kind):
        relayed(use, clip(chunks()), control)


def test_a_making_that_waits_for_room_ends_with_the_job() -> None:
    main, looked = threading.current_thread(), threading.Event()

    def is_cancelled() -> bool:
        if threading.current_thread() is main:
            looked.set()
        return looked.is_set()

    def use(made: Clip, _: JobControl) -> bytes:
        next(made.chunks)
        assert looked.wait(10)
        return b""

    with pytest.raises(Cancelled):
        relayed(use, clip(drawn()), JobControl(is_cancelled=is_cancelled))
