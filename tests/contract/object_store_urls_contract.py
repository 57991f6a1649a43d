"""What the URLs of a store that signs them, and checks them, can do and cannot. A subclass gives `signing`."""

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import attrs
import httpx
import pytest

from application.ports.object_store import ObjectHeaders, ObjectStore
from tests.contract.object_store_contract import KEY, NO_DEADLINE, written

LIFETIME = 2
"""Seconds for which `Signing.store` signs."""

_OTHER_KEY = KEY.replace("job_abc123", "job_def456")
_SERVED = ObjectHeaders(content_type="video/mp4", cache_seconds=600)
_TOO_LATE = dt.timedelta(seconds=5)


@attrs.frozen(kw_only=True)
class Signing:
    """A private store whose URLs live for LIFETIME; `wait` lets so many seconds pass, for it and its server."""

    store: ObjectStore
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)


def asked(method: str, url: str) -> httpx.Response:
    return httpx.request(method, url, trust_env=False)


class ObjectStoreUrlsContract:
    shows: ClassVar[frozenset[str]] = frozenset({"content-type", "cache-control", "content-disposition"})
    """Headers that a GET by a signed URL shows."""

    @pytest.fixture
    def signing(self) -> Signing:
        raise NotImplementedError

    def test_a_signed_url_ends_when_it_says(self, signing: Signing, tmp_path: Path) -> None:
        source = written(tmp_path, 1000)
        signing.store.put(source, KEY, _SERVED, NO_DEADLINE)
        before = signing.now()
        signed = signing.store.url(KEY)
        assert asked("GET", signed.url).content == source.read_bytes()
        assert signed.expires_at is not None
        assert abs(signed.expires_at - before - dt.timedelta(seconds=LIFETIME)) <= dt.timedelta(seconds=1)
        while asked("GET", signed.url).is_success and signing.now() - signed.expires_at < _TOO_LATE:
            signing.wait(0.25)
        assert abs(signing.now() - signed.expires_at) <= dt.timedelta(seconds=1.5)

    def test_a_signed_url_is_for_one_object(self, signing: Signing, tmp_path: Path) -> None:
        for seed, key in enumerate((KEY, _OTHER_KEY)):
            signing.store.put(written(tmp_path, 100, seed), key, _SERVED, NO_DEADLINE)
        url = signing.store.url(KEY).url
        assert asked("GET", url.replace("job_abc123", "job_def456")).is_client_error
        assert asked("GET", url.partition("?")[0]).is_client_error

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
    def test_a_signed_url_changes_nothing(self, signing: Signing, tmp_path: Path, method: str) -> None:
        source = written(tmp_path, 100)
        signing.store.put(source, KEY, _SERVED, NO_DEADLINE)
        assert not asked(method, signing.store.url(KEY).url).is_success
        assert signing.store.read(KEY, 100) == source.read_bytes()

    def test_the_url_shows_how_the_object_is_to_be_served(self, signing: Signing, tmp_path: Path) -> None:
        signing.store.put(written(tmp_path, 100), KEY, _SERVED, NO_DEADLINE)
        headers = asked("GET", signing.store.url(KEY).url).headers
        expected = {
            "content-type": "video/mp4",
            "cache-control": "max-age=600",
            "content-disposition": 'inline; filename="video.mp4"',
        }
        assert {name: headers.get(name) for name in self.shows} == {name: expected[name] for name in self.shows}
