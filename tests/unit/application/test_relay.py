"""A clip from one thread to another: the same bytes, each side's errors, and nothing left behind."""

import contextvars
import threading
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from application.chunk_ring import CHUNKS
from application.job_control import JobControl
from application.relay import Relay
from domain.clip import Audio, Clip, ClipStatistics
from domain.geometry import ClipGeometry, FrameRate, Resolution

CONTROL = JobControl()
FRAMES = 40
SIZE = Resolution(64, 32)
STATISTICS = ClipStatistics(prepare_seconds=1, inference_seconds=2, decode_seconds=3)
Use = Callable[[Clip, JobControl], bytes]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def clip(chunks: Iterator[memoryview], audio: Audio | None = None) -> Clip:
    geometry = ClipGeometry(resolution=SIZE, frames=FRAMES, frame_rate=FrameRate(Fraction(24)))
    return Clip(geometry=geometry, pixel_format="rgb24", audio=audio, chunks=chunks, statistics=lambda: STATISTICS)


def frame(number: int) -> bytes:
    return bytes([number]) * (SIZE.pixels * 3)


def drawn(count: int = FRAMES) -> Iterator[memoryview]:
    """Frames in one buffer: each is gone when the next is asked for, as the port allows."""
    buffer = bytearray(SIZE.pixels * 3)
    for number in range(count):
        buffer[:] = frame(number)
        yield memoryview(buffer)


def collect(made: Clip, control: JobControl) -> bytes:
    collected = bytearray()
    for chunk in made.chunks:
        control.check()
        collected += chunk
    return bytes(collected)


def relayed(use: Use, made: Clip, control: JobControl = CONTROL, spare_bytes: int = 0) -> bytes:
    with Relay(use, control, spare_bytes=spare_bytes) as relay:
        relay.feed(made)
        return relay.result()


@pytest.mark.parametrize("spare_bytes", [0, 10 << 20])
def test_every_frame_comes_once_and_in_order(spare_bytes: int) -> None:
    expected = b"".join(frame(number) for number in range(FRAMES))
    assert relayed(collect, clip(drawn()), spare_bytes=spare_bytes) == expected


def test_the_model_stays_on_the_callers_thread_and_the_use_on_one_of_its_own() -> None:
    made_on: set[threading.Thread] = set()
    used_on: set[threading.Thread] = set()

    def chunks() -> Iterator[memoryview]:
        for chunk in drawn():
            made_on.add(threading.current_thread())
            yield chunk

    def use(made: Clip, control: JobControl) -> bytes:
        used_on.add(threading.current_thread())
        return collect(made, control)

    relayed(use, clip(chunks()))
    assert made_on == {threading.current_thread()}
    assert len(used_on) == 1
    assert made_on.isdisjoint(used_on)


def test_the_next_chunk_is_made_while_the_first_is_used() -> None:
    """Each side waits for the other once: on one thread that would never end."""
    second_is_made, first_is_used = threading.Event(), threading.Event()

    def chunks() -> Iterator[memoryview]:
        for number, chunk in enumerate(drawn(3)):
            if number == 1:
                assert first_is_used.wait(10)
                second_is_made.set()
            yield chunk

    def use(made: Clip, _: JobControl) -> bytes:
        for _chunk in made.chunks:
            first_is_used.set()
            assert second_is_made.wait(10)
        return b"done"

    assert relayed(use, clip(chunks())) == b"done"


def test_the_models_context_can_be_left_while_frames_still_wait() -> None:
    left, samples = threading.Event(), array("f", [0.5, -0.5])

    def use(made: Clip, control: JobControl) -> bytes:
        assert left.wait(10)
        assert made.audio is not None
        return collect(made, control) + made.audio.samples.tobytes()

    with Relay(use, CONTROL) as relay:
        relay.feed(clip(drawn(CHUNKS), Audio(24_000, 1, memoryview(samples))))
        samples[:] = array("f", [0.0, 0.0])  # the buffer was the context's
        left.set()
        used = relay.result()
    assert used == b"".join(frame(number) for number in range(CHUNKS)) + array("f", [0.5, -0.5]).tobytes()


def test_a_slow_use_holds_the_making_back() -> None:
    made, used = 0, 0
    most_ahead = 0

    def chunks() -> Iterator[memoryview]:
        nonlocal made
        for chunk in drawn():
            made += 1
            yield chunk

    def use(own: Clip, _: JobControl) -> bytes:
        nonlocal used, most_ahead
        for _chunk in own.chunks:
            used += 1
            most_ahead = max(most_ahead, made - used)
        return b""

    relayed(use, clip(chunks()))
    assert used == FRAMES
    assert most_ahead <= CHUNKS + 1  # one more is made and waits to be copied


def test_the_thread_carries_the_callers_context() -> None:
    job: contextvars.ContextVar[str] = contextvars.ContextVar("job")
    job.set("job-7")
    assert relayed(lambda *_: job.get().encode(), clip(drawn(0))) == b"job-7"


def test_reports_of_the_use_reach_the_jobs_watcher_and_the_clip_is_else_the_same() -> None:
    made = clip(drawn(0))
    seen: list[Clip] = []

    def use(own: Clip, _: JobControl) -> bytes:
        seen.append(own)
        return b""

    relayed(use, made)
    assert (seen[0].geometry, seen[0].pixel_format, seen[0].audio) == (made.geometry, made.pixel_format, None)
    assert seen[0].statistics() == STATISTICS


def test_a_relay_that_was_never_fed_has_no_thread() -> None:
    with Relay(collect, CONTROL):
        pass
