"""Packets on the socket between worker and child."""

import os
import socket
from collections.abc import Iterator

import pytest

from adapters.sandbox.messages import MAX_BYTES, Malformed, receive, receive_with_descriptors, send

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    yield pair
    for end in pair:
        end.close()


def test_messages_stay_apart(ends: Ends) -> None:
    send(ends[0], {"number": 1})
    send(ends[0], {"text": "ä" * 2000})
    assert receive(ends[1]) == {"number": 1}
    assert receive(ends[1]) == {"text": "ä" * 2000}


def test_descriptors_go_along_as_copies(ends: Ends) -> None:
    reading, writing = os.pipe()
    send(ends[0], {"task": "x"}, (reading, writing))
    os.close(reading)
    received = receive_with_descriptors(ends[1])
    assert received is not None
    message, (read, write) = received
    os.write(writing, b"through")
    assert (message, os.read(read, 7)) == ({"task": "x"}, b"through")
    assert not os.get_inheritable(read)
    for descriptor in (writing, read, write):
        os.close(descriptor)


def test_descriptors_that_nobody_asked_for_are_dropped(ends: Ends) -> None:
    reading, writing = os.pipe()
    send(ends[0], {}, (reading, writing))
    os.close(writing)
    assert receive(ends[1]) == {}
    assert os.read(reading, 1) == b""  # nobody holds the other side
    os.close(reading)


def test_a_message_that_is_too_long_is_not_sent(ends: Ends) -> None:
    with pytest.raises(Malformed):
        send(ends[0], {"text": "x" * MAX_BYTES})


def test_the_others_end_is_no_message(ends: Ends) -> None:
    ends[0].close()
    assert receive(ends[1]) is None
    with pytest.raises(BrokenPipeError):
        send(ends[1], {})


def test_an_end_with_packets_unread_is_no_message_either(ends: Ends) -> None:
    send(ends[1], {})
    ends[0].close()
    assert receive(ends[1]) is None
