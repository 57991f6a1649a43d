"""GET for URLs that a stranger chose."""

import functools
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import httpcore
import httpx

from adapters.http.addresses import AddressRules
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.budget import OutOfTime, TimeBudget
from adapters.http.config import HttpConfig
from adapters.http.exchange import AnswerRefused, AnswerUnusable, Redirect, ServerFailed, Take, TakenT, exchange
from adapters.http.faults import at_field
from adapters.http.files import write_new
from adapters.http.guard import Destination, UrlGuard, UrlRefused
from adapters.http.network import AddressRefused, GuardedBackend, TlsFailed
from adapters.http.resolving import NameNotResolved, Resolver, system_resolver
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnavailable, WorkerError

_MAX_REDIRECTS: Final = 3
_RETRY_WAITS: Final = (0.2, 0.6)
"""Seconds before the second and the third try; two retries a download, however many hops it has."""

_UNREACHABLE: Final = "could not be fetched: its host could not be reached"
"""One text for all of these: no such name, a name with a forbidden address, a closed port, a silent one, bad TLS.

What a caller may learn is decided so:
- A URL that is forbidden by its own text (scheme, port, a private literal) is InputRefused with the rule. That
  depends on the text and our settings alone; nothing was resolved or dialled.
- A name that *resolves* to a forbidden address is InputUnavailable, word for word like a name that does not exist
  and like a closed port on a public host. With InputRefused, callers could list which names exist inside.
- A URL that may only lead to the operator's networks (plain http, another port, "localhost") and does not is
  InputRefused with that rule, whether its name leads elsewhere or does not exist.
- A forbidden address is never dialled, so that an open and a closed port behind it are the same, in time too. The
  resolver is asked once for either of the first two, so that they take alike.
The log has the difference in the cause chain.
"""


@functools.cache
def default_tls() -> ssl.SSLContext:
    """Certificates and names are verified against certifi's roots, whatever SSL_CERT_FILE says.

    One for the process: to load them takes 30 ms, and all guarded requests trust alike.
    """
    return httpx.create_ssl_context(trust_env=False)


@attrs.frozen(kw_only=True, eq=False)
class GuardedClient:
    """Downloads within limits. Has no state: nothing of one download is there in the next.

    `resolver`, `tls`, `dialler` and `sleep` are there to be replaced in tests.
    """

    config: HttpConfig = HttpConfig()
    hosts: AllowedHosts = AllowedHosts()
    """The only ones to fetch from, redirects included; empty: any that `config` allows."""
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext = attrs.field(factory=default_tls)
    dialler: httpcore.NetworkBackend = attrs.field(factory=httpcore.SyncBackend)
    sleep: Callable[[float], None] = time.sleep

    def get(self, url: str, *, path: str, max_bytes: int, seconds: float, control: JobControl) -> bytes:
        """The bytes at `url`, at most `max_bytes`, within `seconds` and the job's deadline, redirects included.

        Messages name the request's field `path`, never the host, an address or the query.

        Raises:
            InputRefused: the URL or a redirect breaks the rules, or the file is too large or compressed.
            InputUnavailable: the host did not deliver.
            DeadlineExceeded, Cancelled: from `control.check()`.
        """
        return self._taken(url, path, max_bytes, TimeBudget.start(seconds, control), b"".join)

    def download(
        self, url: str, target: Path, *, path: str, max_bytes: int, seconds: float, control: JobControl
    ) -> None:
        """As `get`, into the new file `target`, which only this user may read. Takes memory for one piece of it.

        Nothing is left of a file that did not come whole.

        Raises:
            InputRefused, InputUnavailable, DeadlineExceeded: as `get`.
            Cancelled: from `control.check()`.
            DiskFull: there is no room for it.
            FileExistsError: `target` is there already, and stays.
        """
        budget = TimeBudget.start(seconds, control)
        self._taken(url, path, max_bytes, budget, partial(write_new, target))

    def _taken(self, url: str, path: str, max_bytes: int, budget: TimeBudget, take: Take[TakenT]) -> TakenT:
        try:
            return self._follow(url, max_bytes, budget, take)
        except (UrlRefused, AnswerRefused) as exc:
            raise at_field(InputRefused, path, exc.reason) from exc
        except _FAILURES as exc:
            budget.control.check()  # a step that the job's deadline cut short looks like a slow host
            raise _unavailable(exc, path) from exc

    def _follow(self, url: str, max_bytes: int, budget: TimeBudget, take: Take[TakenT]) -> TakenT:
        guard = UrlGuard(self.config, self.hosts)
        destination = guard.admit(url)
        waits = iter(_RETRY_WAITS)
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._ask(destination, max_bytes, budget, waits, take)
            if not isinstance(answer, Redirect):
                return answer
            destination = guard.admit_redirect(destination, answer.location)
        reason = f"redirects more than {_MAX_REDIRECTS} times"
        raise UrlRefused(reason)

    def _ask(
        self, destination: Destination, max_bytes: int, budget: TimeBudget, waits: Iterator[float], take: Take[TakenT]
    ) -> TakenT | Redirect:
        """One hop, again after a failed connection or a 5xx as long as `waits` lasts; both come before any body."""
        backend = GuardedBackend(
            rules=AddressRules(self.config.private_networks),
            reach=destination.reach,
            resolver=self.resolver,
            budget=budget,
            dialler=self.dialler,
        )
        while True:
            try:
                return exchange(destination, backend, self.tls, max_bytes, take)
            except (AddressRefused, NameNotResolved) as exc:
                if destination.refusal is not None:
                    raise UrlRefused(destination.refusal) from exc
                raise
            except (httpcore.ConnectError, httpcore.ConnectTimeout, ServerFailed):
                wait = next(waits, None)
                if wait is None:
                    raise
            self.sleep(budget.timeout(wait))


_FAILURES: Final = (
    AddressRefused,
    NameNotResolved,
    TlsFailed,
    OutOfTime,
    ServerFailed,
    AnswerUnusable,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


def _unavailable(exc: Exception, path: str) -> WorkerError:
    match exc:
        case AnswerUnusable():
            reason = exc.reason
        case ServerFailed():
            reason = "could not be fetched: its host failed"
        case OutOfTime() | httpcore.ReadTimeout() | httpcore.WriteTimeout():
            reason = "could not be fetched: its host was too slow"
        case httpcore.ReadError() | httpcore.WriteError() | httpcore.ProtocolError():
            reason = "could not be fetched: its host broke the transfer off"
        case _:
            reason = _UNREACHABLE
    return at_field(InputUnavailable, path, reason)
