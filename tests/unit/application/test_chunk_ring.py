"""Chunks on their way from one thread to another: in order, in few buffers, and never waited for in vain."""

import threading

import pytest

from application.chunk_ring import CHUNKS, ChunkRing
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded

CONTROL = JobControl()


def chunk(number: int, size: int = 8) -> memoryview:
    return memoryview(bytes([number]) * size)


def filled(ring: ChunkRing, count: int = CHUNKS) -> ChunkRing:
    for number in range(count):
        assert ring.put(chunk(number), CONTROL)
    return ring


def full_after(ring: ChunkRing, most: int = 100) -> int:
    """How many chunks `ring` takes before it lets its putter wait."""
    stopped = JobControl(is_cancelled=lambda: True)
    for number in range(most):
        try:
            ring.put(chunk(number), stopped)
        except Cancelled:
            return number
    return most


def test_what_was_put_is_taken_in_order_and_then_it_ends() -> None:
    ring = filled(ChunkRing())
    ring.complete()
    assert [bytes(taken) for taken in ring.taken()] == [bytes([number]) * 8 for number in range(CHUNKS)]


def test_a_chunk_is_a_copy_and_flat() -> None:
    ring = ChunkRing()
    buffer = bytearray(b"abcdef")
    ring.put(memoryview(buffer).cast("B", (2, 3)), CONTROL)
    buffer[:] = b"......"
    taken = next(ring.taken())
    assert (bytes(taken), taken.format, taken.shape, taken.c_contiguous) == (b"abcdef", "B", (6,), True)


def test_three_chunks_are_held_and_a_fourth_waits() -> None:
    assert full_after(ChunkRing()) == CHUNKS


@pytest.mark.parametrize(("spare_bytes", "held"), [(0, 3), (24, 3), (39, 4), (40, 5), (10_000, 100)])
def test_more_are_held_as_long_as_all_fit_into_the_spare_bytes(spare_bytes: int, held: int) -> None:
    assert full_after(ChunkRing(spare_bytes)) == held


def test_what_is_being_used_is_held_too() -> None:
    ring = filled(ChunkRing())
    taking = ring.taken()
    next(taking)
    assert full_after(ring) == 0
    next(taking)  # gives the first one back
    assert full_after(ring) == 1


def test_buffers_are_used_again() -> None:
    ring = filled(ChunkRing(), 1)
    seen: list[object] = []
    for number, taken in enumerate(ring.taken(), start=1):
        if not any(taken.obj is buffer for buffer in seen):
            seen.append(taken.obj)
        if number == 20:
            ring.complete()
        elif number < 20:
            ring.put(chunk(number), CONTROL)
    assert len(seen) == 2


def test_a_buffer_that_is_too_small_is_replaced_and_one_that_is_too_large_is_not_shown_whole() -> None:
    ring = ChunkRing()
    taking = ring.taken()
    sizes = []
    for size in (1, 8, 5, 8):
        ring.put(chunk(7, size), CONTROL)
        sizes.append(len(next(taking)))
    assert sizes == [1, 8, 5, 8]


@pytest.mark.parametrize("error", [Cancelled, DeadlineExceeded])
def test_who_waits_for_room_sees_the_end_of_the_job(error: type[Exception]) -> None:
    ring = filled(ChunkRing())
    cancelled = JobControl(is_cancelled=lambda: True)
    late = JobControl(deadline=0.0, clock=lambda: 1.0)
    with pytest.raises(error):
        ring.put(chunk(9), cancelled if error is Cancelled else late)


def test_who_waits_for_room_hears_that_nobody_takes_any_more() -> None:
    ring = filled(ChunkRing())
    threading.Timer(0.01, ring.end).start()
    assert ring.put(chunk(9), CONTROL) is False


def test_who_waits_for_a_chunk_hears_that_none_will_come() -> None:
    ring = ChunkRing()
    threading.Timer(0.01, ring.abandon).start()
    with pytest.raises(Cancelled):
        next(ring.taken())
    assert ring.is_abandoned


def test_an_abandoned_ring_gives_out_nothing_that_waits() -> None:
    ring = filled(ChunkRing())
    ring.abandon()
    with pytest.raises(Cancelled):
        next(ring.taken())


def test_who_waits_for_a_chunk_is_told_the_end_of_the_clip() -> None:
    ring = ChunkRing()
    taking = ring.taken()
    threading.Timer(0.01, ring.complete).start()
    assert next(taking, None) is None
