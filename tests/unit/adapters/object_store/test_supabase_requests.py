"""What SupabaseStore sends, and what it makes of the answers."""

import datetime as dt
import itertools
from pathlib import Path

import attrs
import httpx
import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import (
    DeadlineExceeded,
    ObjectMissing,
    StorageAuth,
    StorageRejected,
    StorageUnavailable,
)
from domain.secret import Secret
from tests.contract.object_store_contract import (
    HEADERS,
    ILLEGAL_KEYS,
    KEY,
    MIB,
    NO_DEADLINE,
    fetched,
    written,
)
from tests.support import supabase_replies as replies
from tests.support.supabase_replies import Fault
from tests.support.supabase_server import SupabaseServer

POLICY = RetryPolicy(attempts=4, seconds=5.0, wait_initial=0.01, wait_max=0.05)
UPLOAD = ("POST", f"/object/ltx2-outputs/{KEY}")
INFO = ("GET", f"/object/info/ltx2-outputs/{KEY}")


def test_an_upload_is_typed_cached_and_described(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    headers = ObjectHeaders(
        content_type="video/mp4", sha256="ab" * 32, cache_seconds=31_536_000, metadata={"job_id": "job_abc123"}
    )
    store.put(written(tmp_path, 100), KEY, headers, NO_DEADLINE)
    stored = server.objects[KEY]
    assert (stored.content_type, stored.cache_control) == ("video/mp4", "max-age=31536000")
    assert stored.metadata == {"job_id": "job_abc123", "sha256": "ab" * 32}


def test_too_large_and_wrong_types_are_rejected(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    server.buckets[server.bucket].file_size_limit = 99
    with pytest.raises(StorageRejected, match="exceeded the maximum allowed size"):
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    server.buckets[server.bucket].allowed_mime_types = ["image/png"]
    with pytest.raises(StorageRejected, match="video/mp4 is not supported"):
        store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    assert server.requests == [UPLOAD, UPLOAD]


def test_a_cut_upload_is_noticed(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    server.fail(Fault(keep=0))
    with pytest.raises(StorageUnavailable, match="0 of 100 bytes"):
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)


def test_an_acknowledged_upload_stands_when_it_cannot_be_looked_at(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path
) -> None:
    server.fail(Fault())
    server.fail(replies.LOCK_TIMEOUT, times=2)
    store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    assert server.objects[KEY].size == 100


def test_an_upload_that_the_key_cannot_see_is_a_matter_of_rights(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path
) -> None:
    server.fail(Fault())
    server.fail(Fault(reply=replies.OBJECT_MISSING))
    with pytest.raises(StorageAuth, match="cannot be seen"):
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)


def test_nothing_is_sent_for_what_can_be_refused_here(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path
) -> None:
    for key in ILLEGAL_KEYS:
        with pytest.raises(StorageRejected):
            store.put(written(tmp_path, 10), key, HEADERS, NO_DEADLINE)
    with pytest.raises(StorageRejected):
        store.put(written(tmp_path, 0), KEY, HEADERS, NO_DEADLINE)
    with pytest.raises(DeadlineExceeded):
        store.put(written(tmp_path, 10), KEY, HEADERS, JobControl(deadline=0.0, clock=lambda: 1.0))
    assert server.requests == []


@pytest.mark.parametrize("change", [-50, 50])
def test_a_file_that_changes_under_the_upload_is_rejected(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path, change: int
) -> None:
    source = written(tmp_path, 4 * MIB)
    reports = itertools.count()

    def rewrite(_: object) -> None:
        if next(reports) == 0:
            with source.open("r+b") as file:
                file.truncate(4 * MIB + change)

    with pytest.raises(StorageRejected, match="changed"):
        store.put(source, KEY, HEADERS, JobControl(report=rewrite))
    assert server.requests == [UPLOAD]
    assert server.objects == {}


def test_a_large_object_is_not_read_to_its_end(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    store.put(written(tmp_path, 32 * MIB), KEY, HEADERS, NO_DEADLINE)
    sent = server.sent_bytes
    with pytest.raises(StorageRejected):
        store.read(KEY, 1000)
    assert server.sent_bytes - sent < 16 * MIB


@pytest.mark.parametrize("key", [KEY, "it's (1) & $2 = @3; 4:5 + 6, 7?/!x*-_.mp4"])
def test_a_signed_url_ends_when_it_says(config: SupabaseConfig, tmp_path: Path, key: str) -> None:
    now = [dt.datetime(2026, 1, 13, 10, 0, 0, 400_000, tzinfo=dt.UTC)]
    with SupabaseServer(clock=lambda: dt.datetime.timestamp(now[0])) as server:
        config = attrs.evolve(config, url=server.url, key=Secret(server.secret_key), signed_url_seconds=60)
        store = SupabaseStore(config, policy=POLICY, clock=lambda: now[0])
        store.put(written(tmp_path, 10), key, HEADERS, NO_DEADLINE)
        signed = store.url(key)
        store.close()
        assert signed.expires_at == dt.datetime(2026, 1, 13, 10, 1, 0, tzinfo=dt.UTC)
        assert len(fetched(signed.url)) == 10
        now[0] = signed.expires_at
        assert len(fetched(signed.url)) == 10
        now[0] += dt.timedelta(seconds=1)
        with pytest.raises(httpx.HTTPStatusError):
            fetched(signed.url)
        with pytest.raises(httpx.HTTPStatusError):
            fetched(signed.url.replace("token=e", "token=f"))


def test_a_public_url_costs_no_request(config: SupabaseConfig, server: SupabaseServer) -> None:
    store = SupabaseStore(attrs.evolve(config, public=True))
    public = store.url(KEY)
    assert public.url == f"{server.url}/storage/v1/object/public/{server.bucket}/{KEY}"
    assert server.requests == []


def test_a_missing_object_is_missing_in_a_missing_bucket_too(config: SupabaseConfig) -> None:
    """The call that signs does not tell the two apart."""
    store = SupabaseStore(attrs.evolve(config, bucket="missing"), policy=POLICY)
    with pytest.raises(ObjectMissing):
        store.url(KEY)
    store.close()


def test_a_secret_key_is_sent_in_apikey_only(server: SupabaseServer, config: SupabaseConfig) -> None:
    for key, names in ((server.key, {"apikey", "authorization"}), (server.secret_key, {"apikey"})):
        store = SupabaseStore(attrs.evolve(config, key=Secret(key)), policy=POLICY)
        store.check()
        store.close()
        assert server.headers[-1].keys() & {"apikey", "authorization"} == names


def test_a_bucket_whose_description_is_not_what_storage3_expects_is_still_there(
    store: SupabaseStore, server: SupabaseServer
) -> None:
    server.fail(Fault(reply=replies.json_reply({"id": server.bucket, "name": server.bucket, "owner": None})))
    store.check()
    assert server.requests[0] == ("GET", f"/bucket/{server.bucket}")


def test_a_check_probes_the_bucket_and_leaves_nothing(store: SupabaseStore, server: SupabaseServer) -> None:
    store.check()
    steps = [(method, path.partition("/ltx2/probe/")[0]) for method, path in server.requests]
    assert steps == [
        ("GET", "/bucket/ltx2-outputs"),
        ("POST", "/object/ltx2-outputs"),
        ("GET", "/object/info/ltx2-outputs"),
        ("POST", "/object/sign/ltx2-outputs"),
        ("GET", "/object/ltx2-outputs"),
        ("DELETE", "/object/ltx2-outputs"),
        ("GET", "/object/info/ltx2-outputs"),
    ]
    assert server.objects == {}


def test_a_probe_that_storage_pretends_to_delete_is_named(store: SupabaseStore, server: SupabaseServer) -> None:
    """Without the right to delete, Storage answers 200 and an empty list."""
    for fault in [*[Fault()] * 5, Fault(reply=replies.json_reply([]))]:
        server.fail(fault)
    with pytest.raises(StorageAuth, match="not delete") as caught:
        store.check()
    (key,) = server.objects
    assert key in caught.value.message


def test_a_bucket_that_takes_only_clips_passes_its_check(store: SupabaseStore, server: SupabaseServer) -> None:
    server.buckets[server.bucket].allowed_mime_types = ["video/mp4"]
    store.check()


def test_deleting_with_trouble_is_told(store: SupabaseStore, server: SupabaseServer) -> None:
    server.fail(Fault(reply=replies.key_refused("Invalid Compact JWS")))
    with pytest.raises(StorageAuth):
        store.delete(KEY)
