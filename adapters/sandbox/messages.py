"""What the two sides say to each other: one JSON object a packet, on a socket that keeps packets apart.

Worker: the limits, then for each request {task, arguments, bytes} with two descriptors (input, output).
Child: {state: ready}, then for each request {state: taken} and one of done, refused, failed.
Nothing is pickled: whatever the child says, it becomes plain values.
"""

import array
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

MAX_BYTES: Final = 4096
"""Of one packet. Files and pixels go through shared memory."""

_DESCRIPTORS: Final = 2
_SPACE: Final = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)


class Malformed(Exception):
    """A packet that is no message."""


def send(end: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one packet; copies of `descriptors` go with it.

    Raises:
        OSError: the other side is gone.
        Malformed: `message` is too long for a packet.
    """
    packet = json.dumps(message, ensure_ascii=False).encode()
    if len(packet) > MAX_BYTES:
        reason = f"a message of {len(packet)} bytes"
        raise Malformed(reason)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    end.sendmsg([packet], rights, socket.MSG_NOSIGNAL)


def receive(end: socket.socket) -> dict[str, Any] | None:
    """The next message, or None if the other side is gone. Descriptors that come with it are dropped by the kernel.

    Raises:
        Malformed: not one JSON object of at most MAX_BYTES.
    """
    try:
        packet = end.recv(MAX_BYTES + 1)
    except ConnectionResetError:  # it went with packets unread
        return None
    return _parsed(packet) if packet else None


def receive_with_descriptors(end: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """As `receive`, with the descriptors that came along; they are the caller's to close."""
    packet, ancillary, _, _ = end.recvmsg(MAX_BYTES + 1, _SPACE, socket.MSG_CMSG_CLOEXEC)
    if not packet:
        return None
    descriptors = array.array("i")
    for _, kind, data in ancillary:
        if kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return _parsed(packet), list(descriptors)


def _parsed(packet: bytes) -> dict[str, Any]:
    if len(packet) > MAX_BYTES:
        reason = "a packet that is too long"
        raise Malformed(reason)
    try:
        message = json.loads(packet)
    except (ValueError, RecursionError) as exc:
        reason = "a packet that is no JSON"
        raise Malformed(reason) from exc
    if not isinstance(message, dict):
        reason = "a packet that is no object"
        raise Malformed(reason)
    return message
