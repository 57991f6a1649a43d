"""How obstore's clients are made: with which patience, and what they must not take from the environment."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import attrs
from obstore.store import AzureStore, GCSStore, S3Store

from adapters.object_store.outcome import unusable_key
from adapters.object_store.retries import RetryPolicy
from application.job_control import JobControl
from domain.secret import Secret

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

Client = S3Store | GCSStore | AzureStore

DEFAULT_POLICY: Final = RetryPolicy(attempts=6, wait_initial=1.0)
"""obstore does not tell a `Retry-After`: a store that is too busy (429, 503) is left alone for a second at least."""

_ANSWER_GRACE: Final = 1.0
"""Seconds past the deadline that an answer may take: what was sent whole is most likely stored."""

_NO_PROXY: Final = "*,0.0.0.0/0,::/0"
"""Every name and every address ("*" alone is names only)."""


@attrs.frozen(kw_only=True)
class Patience:
    """What one request may take, in seconds, and how often it is made again.

    obstore repeats single requests, so that a part of an upload is sent again and not the whole. It does so after
    408, 429, 5xx, a broken connection and a time-out.
    """

    policy: RetryPolicy = DEFAULT_POLICY
    connect: float = 5.0
    request: float = 60.0
    """From the connection to the last byte of the answer. A part of 5 MiB passes at 90 kB/s."""
    silence: float | None = None
    """Between two reads, and before the answer's first byte, the sending of the request included."""

    def quick(self) -> "Patience":
        """For looks, which are worth no wait, with work to be done or shown behind them."""
        return attrs.evolve(
            self,
            policy=self.policy.quick(),
            connect=min(self.connect, 3.0),
            request=min(self.request, 30.0),
            silence=min(self.request, 5.0),
        )

    def until(self, control: JobControl) -> "Patience":
        """No longer than the job's deadline, as seen now."""
        left = control.seconds_left()
        if left is None:
            return self
        policy = attrs.evolve(self.policy, seconds=min(self.policy.seconds, left))
        return attrs.evolve(self, policy=policy, request=min(self.request, left + _ANSWER_GRACE))

    def client_options(self, address: str) -> "ClientConfig":
        """For a client of the store at `address`.

        Plain http goes as far as the settings let it, to loopback. reqwest takes proxies from the environment
        unless it is given one, and then takes none for hosts that are excluded.
        """
        options: ClientConfig = {
            "allow_http": address.startswith("http://"),
            "connect_timeout": dt.timedelta(seconds=self.connect),
            "timeout": dt.timedelta(seconds=self.request),
            "proxy_url": "http://proxies.invalid",
            "proxy_excludes": _NO_PROXY,
        }
        if self.silence is not None:
            options["read_timeout"] = dt.timedelta(seconds=self.silence)
        return options

    def retry_config(self) -> "RetryConfig":
        """The policy, per request."""
        return {
            "max_retries": self.policy.attempts - 1,
            "retry_timeout": dt.timedelta(seconds=self.policy.seconds),
            "backoff": {
                "init_backoff": dt.timedelta(seconds=self.policy.wait_initial),
                "max_backoff": dt.timedelta(seconds=self.policy.wait_max),
                "base": 2,
            },
        }


def header_text(secret: Secret) -> str:
    """The text of a secret that goes into a header: obstore panics over what no header can carry.

    Raises:
        StorageAuth: it holds such characters.
    """
    text = secret.reveal()
    if not (text.isascii() and text.isprintable() and text):
        raise unusable_key()
    return text


ClientBuilder = Callable[[Patience], Client]
"""Makes a client; sends nothing. May raise what obstore raises for a configuration that cannot work."""
