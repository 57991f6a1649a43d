"""Names to addresses, within a time limit."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from adapters.http.addresses import Address

Resolver = Callable[[str, int], Sequence[Address]]
"""(host, port) -> its addresses, best first. Raises OSError or UnicodeError if there are none."""


class NameNotResolved(Exception):
    """The resolver gave no address in time."""


def system_resolver(host: str, port: int) -> Sequence[Address]:
    """The addresses that the operating system knows, in its order of preference."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in answers]


def resolve(resolver: Resolver, host: str, port: int, seconds: float) -> Sequence[Address]:
    """The addresses of `host`.

    getaddrinfo has no time limit of its own, so it runs in a daemon thread that is left behind when it hangs; the
    system's resolver ends it after some seconds.

    Raises:
        NameNotResolved: no answer, an empty one, or none within `seconds`.
    """
    answer: Future[Sequence[Address]] = Future()

    def ask() -> None:
        try:
            answer.set_result(resolver(host, port))
        except BaseException as exc:  # noqa: BLE001 - not swallowed: the waiting thread gets it
            answer.set_exception(exc)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        addresses = answer.result(seconds)
    except (OSError, UnicodeError) as exc:  # socket.gaierror and TimeoutError are OSErrors
        raise NameNotResolved from exc
    if not addresses:
        raise NameNotResolved
    return addresses
