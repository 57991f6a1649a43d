"""The fetcher of production, before a server on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.http.stored import StoredInputs
from adapters.media.config import MediaLimits
from adapters.media.reader import MediaReader, media_sandbox
from adapters.media_fetcher.fetcher import ConfinedMediaFetcher

LOOPBACK = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))


@contextmanager
def media_reader(limits: MediaLimits | None = None) -> Iterator[MediaReader]:
    """With a child of its own, which ends with the block."""
    used = limits or MediaLimits()
    sandbox = media_sandbox(used)
    try:
        yield MediaReader(sandbox, used)
    finally:
        sandbox.close()


def fetcher_of(reader: MediaReader, stored: StoredInputs | None = None) -> ConfinedMediaFetcher:
    client = GuardedClient(config=LOOPBACK, sleep=lambda _: None)
    return ConfinedMediaFetcher(client=client, reader=reader, stored=stored)
