"""Files above 6 MiB go through Storage's resumable door: what is sent, and what becomes of trouble on the way."""

import itertools
import time
from pathlib import Path

import attrs
import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import RESUMABLE_ABOVE, SupabaseStore
from adapters.object_store.supabase_resumable import CHUNK
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import StorageBucket, StorageUnavailable
from domain.secret import Secret
from tests.contract.object_store_contract import HEADERS, KEY, MIB, NO_DEADLINE, Watcher, written
from tests.support import supabase_replies as replies
from tests.support.resumable import HEAD, INFO, LARGE, PATCH, POST, assert_stored, fail, methods
from tests.support.supabase_replies import Fault, tus_reply
from tests.support.supabase_server import SupabaseServer

DOOR = "/upload/resumable"


class TestTheWay:
    def test_a_file_goes_in_chunks_of_6_mib(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        headers = ObjectHeaders(content_type="video/mp4", sha256="ab" * 32, cache_seconds=60, metadata={"job_id": "ä"})
        store.put(large, KEY, headers, NO_DEADLINE)
        assert_stored(server, large)
        stored = server.objects[KEY]
        assert (stored.content_type, stored.cache_control) == ("video/mp4", "max-age=60")
        assert stored.metadata == {"job_id": "ä", "sha256": "ab" * 32}
        assert methods(server) == [POST, PATCH, PATCH, PATCH, INFO]
        assert server.uploads.received == [(0, CHUNK), (CHUNK, CHUNK), (2 * CHUNK, 17)]

    @pytest.mark.parametrize(("size", "door"), [(RESUMABLE_ABOVE, "/object/"), (RESUMABLE_ABOVE + 1, DOOR)])
    def test_the_size_chooses_the_door(
        self, store: SupabaseStore, server: SupabaseServer, tmp_path: Path, size: int, door: str
    ) -> None:
        store.put(written(tmp_path, size), KEY, HEADERS, NO_DEADLINE)
        assert RESUMABLE_ABOVE == 6 << 20
        assert server.requests[0][1].startswith(door)

    def test_whole_chunks_need_no_empty_one(self, store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
        store.put(written(tmp_path, 2 * CHUNK), KEY, HEADERS, NO_DEADLINE)
        assert methods(server) == [POST, PATCH, PATCH, INFO]

    def test_each_request_may_replace_and_shows_the_key_as_the_plain_door_does(
        self, config: SupabaseConfig, server: SupabaseServer, large: Path
    ) -> None:
        """Storage asks the request that brings the last byte whether it may replace an object."""
        for key, names in ((server.key, {"apikey", "authorization"}), (server.secret_key, {"apikey"})):
            store = SupabaseStore(attrs.evolve(config, key=Secret(key)))
            store.put(large, KEY, HEADERS, NO_DEADLINE)
            store.close()
            for headers in server.headers[-5:-1]:
                assert headers.keys() & {"apikey", "authorization"} == names
                assert (headers["x-upsert"], headers["tus-resumable"]) == ("true", "1.0.0")
        assert methods(server) == [POST, PATCH, PATCH, PATCH, INFO] * 2

    @pytest.mark.parametrize(
        "location",
        ["/storage/v1/upload/resumable/{id}", "resumable/{id}", "//{host}/storage/v1/upload/resumable/{id}",
         "http://{host}/storage/v1/upload/resumable/{id}"],
    )  # fmt: skip
    def test_locations_may_be_relative(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, location: str
    ) -> None:
        server.uploads.location = location
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, PATCH, PATCH, INFO]

    def test_a_cut_object_is_noticed(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        fail(server, *[None] * 4, Fault(reply=replies.json_reply({"size": 7, "metadata": {}})))
        with pytest.raises(StorageUnavailable, match=f"7 of {LARGE} bytes"):
            store.put(large, KEY, HEADERS, NO_DEADLINE)


PASSING = {
    "503": replies.TUS_503,
    "429": Fault(reply=tus_reply(429, "Too many connections", {"Retry-After": "0"})),
    "423": replies.UPLOAD_LOCKED,
    "HTML 502": replies.HTML_502,
    "another's answer": Fault(reply=tus_reply(200)),
    "closed without an answer": Fault(hang=0.01),
    "connection lost at once": Fault(drop_after=0),
    "answer lost": Fault(lose_answer=True),
}


class TestTrouble:
    @pytest.mark.parametrize("step", [0, 2], ids=["create", "second chunk"])
    @pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
    def test_what_may_pass_is_tried_again_at_every_step(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, fault: Fault, step: int
    ) -> None:
        watcher = Watcher()
        fail(server, *[None] * step, fault)
        store.put(large, KEY, HEADERS, watcher.control)
        assert_stored(server, large)
        assert server.uploads.received_bytes == LARGE
        done = [report.done for report in watcher.reports]
        assert done == sorted(set(done))
        assert done[-1] == LARGE

    @pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
    def test_the_question_for_the_offset_is_asked_again_too(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, fault: Fault
    ) -> None:
        fail(server, None, None, Fault(drop_after=100), fault)
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert server.uploads.received_bytes == LARGE

    def test_a_broken_connection_costs_no_byte_that_arrived(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        fail(server, None, Fault(drop_after=MIB))
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, HEAD, PATCH, PATCH, INFO]
        assert server.uploads.received == [(0, MIB), (MIB, CHUNK), (MIB + CHUNK, LARGE - MIB - CHUNK)]

    def test_a_cut_at_90_percent_of_40_mb_resends_no_more_than_a_chunk(
        self, store: SupabaseStore, server: SupabaseServer, tmp_path: Path
    ) -> None:
        source = written(tmp_path, 40_000_000)
        whole_chunks, rest = divmod(36_000_000, CHUNK)
        fail(server, *[None] * (1 + whole_chunks), Fault(drop_after=rest))
        sent = itertools.count()
        control = JobControl(is_cancelled=lambda: next(sent) < 0)  # asked once before each block
        store.put(source, KEY, HEADERS, control)
        assert_stored(server, source)
        assert server.uploads.received_bytes == 40_000_000
        blocks = next(sent)
        assert 65_536 * blocks <= 40_000_000 + CHUNK + 20 * 65_536

    def test_bytes_that_were_sent_but_did_not_arrive_are_sent_again(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        watcher = Watcher()
        fail(server, None, None, Fault(drop_after=0))
        store.put(large, KEY, HEADERS, watcher.control)
        assert_stored(server, large)
        done = [report.done for report in watcher.reports]
        assert done == sorted(set(done))

    def test_a_line_that_breaks_in_each_chunk_gets_through(
        self, store: SupabaseStore, server: SupabaseServer, policy: RetryPolicy, large: Path
    ) -> None:
        """Attempts are counted anew with all that gets on: more breaks in all than the policy has attempts."""
        fail(server, None, *[Fault(drop_after=2 * MIB), None] * 5)
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server).count(HEAD) == 5
        assert methods(server).count(HEAD) > policy.attempts

    def test_a_conflict_of_offsets_is_resolved_by_asking(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        fail(server, None, None, replies.OFFSET_CONFLICT)
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, PATCH, HEAD, PATCH, PATCH, INFO]

    def test_retry_after_is_honoured(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        fail(server, None, Fault(reply=tus_reply(429, "Too many connections", {"Retry-After": "1"})))
        begun = time.monotonic()
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert time.monotonic() - begun >= 1.0

    def test_attempts_that_get_nowhere_are_spent(
        self, store: SupabaseStore, server: SupabaseServer, policy: RetryPolicy, large: Path
    ) -> None:
        fail(server, None, None, *[replies.TUS_503] * 100)
        with pytest.raises(StorageUnavailable, match="status 503"):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert methods(server) == [POST, PATCH, PATCH, *[HEAD] * (policy.attempts - 1)]
        assert KEY not in server.objects

    @pytest.mark.parametrize("offset", ["0", str(CHUNK), str(99 * CHUNK), "-1", "x", "²", ""])
    def test_an_offset_that_cannot_be_is_believed_by_nobody(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, offset: str
    ) -> None:
        """The second chunk's answer must name more than the first one's, and not more than was sent."""
        headers = {"Upload-Offset": offset} if offset.isascii() else {}
        fail(server, None, None, *[Fault(reply=tus_reply(204, headers=headers)), None] * 2)
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server)[:4] == [POST, PATCH, PATCH, HEAD]

    def test_an_offset_beyond_the_file_is_asked_for_again(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        beyond = Fault(reply=tus_reply(200, headers={"Upload-Offset": str(LARGE + 1)}))
        fail(server, None, None, Fault(drop_after=0), beyond)
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, PATCH, HEAD, HEAD, PATCH, PATCH, INFO]

    def test_a_server_that_goes_back_and_forth_is_given_up(
        self, store: SupabaseStore, server: SupabaseServer, policy: RetryPolicy, large: Path
    ) -> None:
        back = Fault(reply=tus_reply(200, headers={"Upload-Offset": "0"}))
        fail(server, None, None, *[replies.TUS_503, back] * 100)
        with pytest.raises(StorageUnavailable):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert len(server.requests) < 3 + 2 * policy.attempts


class TestForgottenUploads:
    @pytest.mark.parametrize("chunks", [0, 1, 2])
    def test_it_is_begun_anew(self, store: SupabaseStore, server: SupabaseServer, large: Path, chunks: int) -> None:
        watcher = Watcher()
        fail(server, None, *[None] * chunks, replies.FORGOTTEN)
        store.put(large, KEY, HEADERS, watcher.control)
        assert_stored(server, large)
        assert server.uploads.created == [LARGE, LARGE]
        done = [report.done for report in watcher.reports]
        assert done == sorted(set(done))

    @pytest.mark.parametrize("reply", [tus_reply(404), tus_reply(410)])
    def test_it_is_begun_anew_where_the_question_shows_it(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, reply: replies.Reply
    ) -> None:
        fail(server, None, None, Fault(drop_after=0), Fault(reply=reply))
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, PATCH, HEAD, POST, PATCH, PATCH, PATCH, INFO]

    def test_once(self, store: SupabaseStore, server: SupabaseServer, large: Path) -> None:
        fail(server, None, None, replies.FORGOTTEN, None, None, replies.FORGOTTEN)
        with pytest.raises(StorageUnavailable, match="twice"):
            store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert methods(server) == [POST, PATCH, PATCH, POST, PATCH, PATCH]

    def test_a_bucket_that_went_meanwhile_is_named(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        control = JobControl(report=lambda progress: server.buckets.clear() if progress.done > CHUNK else None)
        with pytest.raises(StorageBucket):
            store.put(large, KEY, HEADERS, control)


class TestTheLastChunk:
    def test_a_lost_answer_is_made_up_for_by_a_look(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        fail(server, None, None, None, Fault(lose_answer=True))
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert methods(server) == [POST, PATCH, PATCH, PATCH, HEAD, INFO, INFO]

    def test_bytes_without_an_object_are_sent_anew(
        self, store: SupabaseStore, server: SupabaseServer, large: Path
    ) -> None:
        """Storage makes the object after the last byte; where that fails, the bytes are there and no object is."""
        fail(server, None, None, None, Fault(spoil=tus_reply(503, "acquiring lock timeout")))
        store.put(large, KEY, HEADERS, NO_DEADLINE)
        assert_stored(server, large)
        assert server.uploads.created == [LARGE, LARGE]

    def test_an_older_object_is_not_taken_for_the_new_one(
        self, store: SupabaseStore, server: SupabaseServer, large: Path, tmp_path: Path
    ) -> None:
        old = written(tmp_path, LARGE, seed=2)
        store.put(old, KEY, attrs.evolve(HEADERS, sha256="0" * 64), NO_DEADLINE)
        fail(server, None, None, None, Fault(spoil=tus_reply(503, "acquiring lock timeout")))
        store.put(large, KEY, attrs.evolve(HEADERS, sha256="1" * 64), NO_DEADLINE)
        assert_stored(server, large)
