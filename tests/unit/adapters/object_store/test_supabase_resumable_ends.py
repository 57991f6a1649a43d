"""How resumable uploads end before they are done: refused, stopped, or taken to the plain door."""

import threading
import time
from pathlib import Path

import attrs
import httpx
import pytest
from structlog.testing import capture_logs

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from adapters.object_store.supabase_resumable import CHUNK
from application.job_control import JobControl, StageProgress
from domain.errors import (
    Cancelled,
    DeadlineExceeded,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from domain.secret import Secret
from tests.contract.object_store_contract import HEADERS, KEY, MIB, NO_DEADLINE, Watcher, written
from tests.support import supabase_replies as replies
from tests.support.resumable import DELETE, INFO, LARGE, POST, assert_stored, fail, methods
from tests.support.supabase_replies import Fault, tus_reply
from tests.support.supabase_server import SupabaseServer

LASTING: dict[str, tuple[Fault, type[WorkerError], str]] = {
    "key": (Fault(reply=replies.key_refused("Invalid Compact JWS")), StorageAuth, "Invalid Compact JWS"),
    "rights": (Fault(reply=tus_reply(403, "new row violates row-level security policy")), StorageAuth, "secret key"),
    "bucket": (Fault(reply=tus_reply(404, "Bucket not found")), StorageBucket, "missing"),
    "type": (Fault(reply=tus_reply(415, "mime type video/mp4 is not supported")), StorageRejected, "video/mp4"),
    "size": (Fault(reply=tus_reply(413, "Maximum size exceeded\n")), StorageRejected, "Maximum size exceeded"),
    "name": (Fault(reply=tus_reply(409, "The resource already exists")), StorageRejected, "already exists"),
    "quota": (replies.QUOTA_402, StorageRejected, "billing"),
    "redirect": (Fault(reply=tus_reply(307, "", {"Location": "https://elsewhere.invalid"})), StorageUnavailable, "307"),
}  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize("step", [0, 2], ids=["create", "second chunk"])
    @pytest.mark.parametrize("case", LASTING)
    def test_a_lasting_failure_is_not_retried(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, case: str, step: int
    ) -> None:
        fault, error, message = LASTING[case]
        fail(server, *[None] * step, fault, *[fault] * (case == "bucket"))  # a 404 of a chunk is looked into
        with pytest.raises(error, match=message):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert KEY not in server.objects

    def test_a_file_that_is_too_large_is_refused_before_a_byte_is_sent(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        server.buckets[server.bucket].file_size_limit = LARGE - 1
        with pytest.raises(StorageRejected, match=f"Maximum size exceeded.*{LARGE} bytes"):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert methods(server) == [POST]
        assert server.uploads.received == []

    def test_the_bucket_of_another_key_is_told_as_by_the_plain_door(
        self, config: SupabaseConfig, server: SupabaseServer, large: Path
    ) -> None:
        cases: list[tuple[str, str, type[WorkerError]]] = [
            (server.key_of("anon"), server.bucket, StorageAuth),
            (server.foreign_key, server.bucket, StorageAuth),
            ("", server.bucket, StorageAuth),
            (server.key, "missing", StorageBucket),
        ]
        for key, bucket, error in cases:
            store = SupabaseStore(attrs.evolve(config, key=Secret(key), bucket=bucket))
            with pytest.raises(error):
                store.put(large, KEY, HEADERS, NO_DEADLINE)
            store.close()

    def test_nothing_is_sent_for_a_key_that_no_header_can_carry(
        self, config: SupabaseConfig, server: SupabaseServer, large: Path
    ) -> None:
        store = SupabaseStore(attrs.evolve(config, key=Secret(f"{server.key}\n")))
        with pytest.raises(StorageAuth, match="characters"):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        store.close()
        assert server.requests == []


class TestStops:
    @pytest.mark.parametrize("error", [DeadlineExceeded, Cancelled])
    def test_a_job_that_is_stopped_deletes_what_it_sent(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, error: type[WorkerError]
    ) -> None:
        watcher = Watcher(deadline=CHUNK + 2.0 * MIB if error is DeadlineExceeded else None)
        control = attrs.evolve(
            watcher.control, is_cancelled=lambda: error is Cancelled and watcher.done > CHUNK + 2 * MIB
        )
        with pytest.raises(error):
            store.put(large, KEY, HEADERS, control)
        assert CHUNK + 2 * MIB <= watcher.done <= CHUNK + 4 * MIB
        assert methods(server)[-1] == DELETE
        assert server.objects == {}
        assert server.uploads.unfinished == {}

    def test_a_deletion_that_takes_long_is_not_waited_for(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        watcher = Watcher(deadline=CHUNK + 1.0)
        fail(server, None, None, None, Fault(hang=30.0))
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            store.put(large, KEY, HEADERS, watcher.control)
        assert time.monotonic() - begun < 6.0
        assert methods(server)[-1] == DELETE

    def test_a_deadline_ends_the_wait_for_another_attempt(
        self, config: SupabaseConfig, server: SupabaseServer, large: Path
    ) -> None:
        store = SupabaseStore(config, policy=RetryPolicy(wait_initial=20.0, wait_max=20.0))
        fail(server, None, replies.TUS_503)
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            store.put(large, KEY, HEADERS, JobControl(deadline=begun + 0.5))
        store.close()
        assert time.monotonic() - begun < 5.0

    @pytest.mark.parametrize("step", [0, 1])
    def test_a_deadline_ends_the_wait_for_an_answer(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, step: int
    ) -> None:
        fail(server, *[None] * step, Fault(hang=30.0))
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            store.put(large, KEY, HEADERS, JobControl(deadline=begun + 0.2))
        assert time.monotonic() - begun < 10.0

    def test_creation_and_chunks_have_time_outs_of_their_own(
        self, config: SupabaseConfig, server: SupabaseServer, large: Path
    ) -> None:
        short, policy = httpx.Timeout(0.2), RetryPolicy(attempts=1)
        hasty_call = SupabaseStore(config, policy=policy, call_timeout=short)
        hasty_upload = SupabaseStore(config, policy=policy, upload_timeout=short)
        for store, step, passes in ((hasty_call, 0, False), (hasty_upload, 1, False), (hasty_upload, 0, True)):
            server.recover()
            fail(server, *[None] * step, Fault(hang=0.5))
            with pytest.raises(StorageUnavailable, match="broke" if passes else "in time"):
                store.put(large, KEY, HEADERS, NO_DEADLINE)
        for store in (hasty_call, hasty_upload):
            store.close()

    def test_nothing_is_sent_to_a_store_that_does_not_answer(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        fail(server, None, *[replies.TUS_503] * 100)
        with pytest.raises(StorageUnavailable):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert DELETE not in methods(server)

    @pytest.mark.parametrize("change", [-MIB, MIB])
    def test_a_file_that_changes_under_the_upload_is_rejected(
        self, store: SupabaseStore, server: SupabaseServer, tmp_path: Path, change: int
    ) -> None:
        source = written(tmp_path, LARGE)
        changed = threading.Event()

        def rewrite(progress: StageProgress) -> None:
            if progress.done > CHUNK and not changed.is_set():
                changed.set()
                with source.open("r+b") as file:
                    file.truncate(LARGE + change)

        with pytest.raises(StorageRejected, match="changed"):
            store.put(source, KEY, HEADERS, JobControl(report=rewrite))
        assert server.objects == {}
        assert methods(server)[-1] == DELETE


class TestThePlainDoorInstead:
    def test_where_there_is_no_other(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        server.uploads.offered = False
        with capture_logs() as lines:
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert [path.split("/")[1] for _, path in server.requests] == ["upload", "object", "object"]
        assert [line["event"] for line in lines] == ["supabase.resumable_unusable"]

    @pytest.mark.parametrize(
        "location",
        [
            "http://elsewhere.invalid/storage/v1/upload/resumable/{id}",
            "//elsewhere.invalid/storage/v1/upload/resumable/{id}",
            "https://{host}/storage/v1/upload/resumable/{id}",
            "http://127.0.0.1:1/storage/v1/upload/resumable/{id}",
            "http://{host}@elsewhere.invalid/{id}",
            "http://user:password@{host}/storage/v1/upload/resumable/{id}",  # pragma: allowlist secret
            "file:///{id}",
            "",
        ],
    )
    def test_where_the_key_would_have_to_go_elsewhere(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, location: str
    ) -> None:
        server.uploads.location = location
        with capture_logs() as lines:
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, POST, INFO]
        assert "elsewhere" not in str(lines)
        assert "another host, port or scheme" in lines[0]["reason"]

    def test_the_key_never_arrives_at_another_server(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        with SupabaseServer() as other:
            server.uploads.location = f"{other.url}/storage/v1/upload/resumable/{{id}}"
            store.put(large, KEY, HEADERS, NO_DEADLINE)
            assert other.requests == []

    def test_where_locations_lead_nowhere(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        """A gateway that strips the path's beginning, which Storage then leaves out of its Locations."""
        server.uploads.location = "http://{host}/upload/resumable/lost-{id}"
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert [path.split("/")[1] for _, path in server.requests][-2:] == ["object", "object"]

    def test_its_failures_are_failures(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        server.uploads.offered = False
        server.buckets[server.bucket].file_size_limit = LARGE - 1
        with pytest.raises(StorageRejected):
            store.put(large, KEY, HEADERS, NO_DEADLINE)

    def test_progress_does_not_go_back(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        watcher = Watcher()
        server.uploads.location = "http://{host}/storage/v1/upload/resumable/lost-{id}"
        store.put(large, KEY, HEADERS, watcher.control)
        done = [report.done for report in watcher.reports]
        assert done == sorted(set(done))
        assert done[-1] == LARGE
