"""The seam under httpcore: names become checked addresses here, and nothing else is ever dialled."""

import ipaddress
import math
import ssl
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import httpcore
from httpcore import SOCKET_OPTION
from typing_extensions import override

from adapters.http.addresses import Address, AddressRules, Reach
from adapters.http.budget import TimeBudget
from adapters.http.resolving import Resolver, resolve

_MAX_TRIED: Final = 3
"""Addresses of one host that are tried in turn: enough for a host that has IPv6 first where we have none."""


_SLICE_SECONDS: Final = 1.0
_PIECE: Final = 1 << 14
"""Bytes that are written between two looks at the clock: a stream's `write` gives each part of its buffer, which a host
may take byte by byte, the whole timeout."""


class AddressRefused(Exception):
    """A name leads to an address that the rules forbid. The text is for the log's cause chain only."""


class TlsFailed(Exception):
    """No trusted TLS: the certificate is not of this host, expired or unknown, or there is no TLS at all."""


@attrs.frozen(kw_only=True, eq=False)
class GuardedBackend(httpcore.NetworkBackend):
    """Resolves once, checks every answer, dials one of the addresses that it checked.

    A name that has one forbidden address is refused as a whole: whoever mixes public and private answers hopes that
    we check one and dial the other. The connection's TLS is still checked against the name, for httpcore keeps it.
    """

    rules: AddressRules
    reach: Reach
    resolver: Resolver
    budget: TimeBudget
    dialler: httpcore.NetworkBackend

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A stream to `host`.

        Raises:
            AddressRefused, NameNotResolved: see there; nothing was dialled.
            httpcore.ConnectError, httpcore.ConnectTimeout: none of the addresses took the connection.
        """
        addresses = self._checked_addresses(host, port, timeout)
        failures: list[httpcore.NetworkError | httpcore.TimeoutException] = []
        for address in addresses[:_MAX_TRIED]:
            try:
                stream = self.dialler.connect_tcp(
                    str(address), port, self.budget.timeout(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failures.append(exc)
            else:
                return BudgetedStream(stream=stream, budget=self.budget)
        raise failures[0]

    @override
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        message = "unix sockets are never dialled"
        raise AddressRefused(message)

    def _checked_addresses(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        try:
            addresses: Sequence[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            addresses = resolve(self.resolver, host, port, self.budget.timeout(timeout))
        for address in addresses:
            if not self.rules.allow(address, self.reach):
                message = f"{address} is not allowed for a host of reach {self.reach}"
                raise AddressRefused(message)
        return addresses


@attrs.frozen(kw_only=True, eq=False)
class BudgetedStream(httpcore.NetworkStream):
    """A stream whose every step asks the budget, so that neither dripping headers nor a dripping body outlast it."""

    stream: httpcore.NetworkStream
    budget: TimeBudget

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """In slices, so that a job that is stopped does not wait for a host that says nothing."""
        left = math.inf if timeout is None else timeout
        while True:
            try:
                return self.stream.read(max_bytes, self.budget.timeout(min(left, _SLICE_SECONDS)))
            except httpcore.ReadTimeout:
                left -= _SLICE_SECONDS
                if left <= 0:
                    raise

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._write_piece(buffer[start : start + _PIECE], timeout)

    def _write_piece(self, piece: bytes, timeout: float | None) -> None:
        try:
            self.stream.write(piece, self.budget.timeout(timeout))
        except httpcore.WriteTimeout as exc:
            if self.stream.get_extra_info("is_readable"):
                raise httpcore.WriteError from exc  # httpcore reads the answer that came before the body was taken
            raise

    @override
    def close(self) -> None:
        self.stream.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The stream in TLS. Raises TlsFailed, so that it is not tried again like a connection that broke."""
        try:
            secure = self.stream.start_tls(ssl_context, server_hostname, self.budget.timeout(timeout))
        except httpcore.ConnectError as exc:
            raise TlsFailed from exc
        return BudgetedStream(stream=secure, budget=self.budget)

    @override
    def get_extra_info(self, info: str) -> Any:  # httpcore's own type
        return self.stream.get_extra_info(info)
