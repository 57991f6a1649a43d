"""How long SupabaseStore keeps trying, and at what it stops."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy, Transient, with_retries
from adapters.object_store.supabase import SupabaseStore
from application.job_control import JobControl
from domain.errors import (
    DeadlineExceeded,
    StorageAuth,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from tests.contract.object_store_contract import (
    HEADERS,
    KEY,
    MIB,
    NO_DEADLINE,
    Watcher,
    written,
)
from tests.support import supabase_replies as replies
from tests.support.supabase_replies import Fault
from tests.support.supabase_server import SupabaseServer

POLICY = RetryPolicy(attempts=4, seconds=5.0, wait_initial=0.01, wait_max=0.05)
UPLOAD = ("POST", f"/object/ltx2-outputs/{KEY}")
INFO = ("GET", f"/object/info/ltx2-outputs/{KEY}")

PASSING_FAULTS = {
    "503 in the body": replies.LOCK_TIMEOUT,
    "544": replies.DATABASE_TIMEOUT,
    "HTML 502": replies.HTML_502,
    "HTML 200": replies.HTML_200,
    "429": replies.slow_down("0"),
    "429 without a sensible Retry-After": replies.slow_down("soon"),
    "429 with a date that has passed": replies.slow_down("Tue, 13 Jan 2026 10:00:00 GMT"),
    "connection lost at once": Fault(drop_after=0),
    "connection lost in mid-upload": Fault(drop_after=MIB),
    "answer lost": Fault(lose_answer=True),
    "closed without an answer": Fault(hang=0.01),
}
LASTING_FAULTS: dict[str, tuple[Fault, type[WorkerError], str]] = {
    "401": (replies.GATEWAY_401, StorageAuth, "Invalid API key"),
    "402": (replies.QUOTA_402, StorageRejected, "exceed_storage_size_quota"),
    "403": (Fault(reply=replies.POLICY_DENIAL), StorageAuth, "row-level security"),
    "409": (Fault(reply=replies.DUPLICATE), StorageRejected, "already exists"),
    "invalid key": (Fault(reply=replies.object_key_refused("x")), StorageRejected, "Invalid key"),
    "500 for an unknown role": (Fault(reply=replies.UNKNOWN_ROLE), StorageAuth, "code: 22023"),
    "redirect": (
        Fault(reply=replies.Reply(302, b"", {"Location": "https://elsewhere.invalid"})),
        StorageUnavailable,
        "status 302",
    ),
    "paused project": (Fault(reply=replies.json_reply({"message": "paused"}, 540)), StorageUnavailable, "status 540"),
}


@pytest.fixture
def patient(config: SupabaseConfig) -> Iterator[SupabaseStore]:
    """A store that would wait for long between its attempts."""
    store = SupabaseStore(config, policy=RetryPolicy(wait_initial=20.0, wait_max=20.0))
    yield store
    store.close()


@pytest.mark.parametrize("fault", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_passing_failure_is_retried_with_the_whole_file(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path, fault: Fault
) -> None:
    source, watcher = written(tmp_path, 4 * MIB), Watcher()
    server.fail(fault, times=2)
    store.put(source, KEY, HEADERS, watcher.control)
    assert server.objects[KEY].content == source.read_bytes()
    assert server.requests == [UPLOAD, UPLOAD, UPLOAD, INFO]
    done = [report.done for report in watcher.reports]
    assert done == sorted(set(done))
    assert done[-1] == 4 * MIB


@pytest.mark.parametrize("case", LASTING_FAULTS)
def test_a_lasting_failure_is_not_retried(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path, case: str
) -> None:
    fault, error, message = LASTING_FAULTS[case]
    server.fail(fault)
    with pytest.raises(error, match=message):
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    assert server.requests == [UPLOAD]


def test_every_call_retries(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    source = written(tmp_path, 100)
    store.put(source, KEY, HEADERS, NO_DEADLINE)
    calls: list[Callable[[], object]] = [
        lambda: store.read(KEY, 100),
        lambda: store.stat(KEY),
        lambda: store.url(KEY),
        lambda: store.delete(KEY),
    ]
    for call in calls:
        server.requests.clear()
        server.fail(replies.LOCK_TIMEOUT)
        call()
        assert len(server.requests) == 2
    assert server.objects == {}


@pytest.mark.parametrize("step", range(7))
def test_each_step_of_a_check_is_retried_once(store: SupabaseStore, server: SupabaseServer, step: int) -> None:
    for fault in [*[Fault()] * step, replies.LOCK_TIMEOUT]:
        server.fail(fault)
    store.check()
    assert len(server.requests) == 8
    assert server.objects == {}


def test_a_store_that_falls_silent_during_its_check_holds_nothing_up(
    patient: SupabaseStore, server: SupabaseServer
) -> None:
    for fault in [Fault(), *[replies.LOCK_TIMEOUT] * 20]:
        server.fail(fault)
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable):
        patient.check()
    assert time.monotonic() - begun < 5.0


def test_attempts_are_spent_then_the_store_is_unavailable(
    store: SupabaseStore, server: SupabaseServer, tmp_path: Path
) -> None:
    server.fail(replies.HTML_502, times=100)
    with pytest.raises(StorageUnavailable, match="status 502") as caught:
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    assert server.requests == [UPLOAD] * POLICY.attempts
    assert caught.value.code == "storage_unavailable"
    assert caught.value.retryable


def test_the_budget_ends_the_retries_before_the_attempts_do(config: SupabaseConfig, server: SupabaseServer) -> None:
    store = SupabaseStore(config, policy=RetryPolicy(attempts=1000, seconds=0.5, wait_initial=0.05, wait_max=0.05))
    server.fail(replies.LOCK_TIMEOUT, times=1000)
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable):
        store.delete(KEY)
    store.close()
    assert time.monotonic() - begun < 5.0
    assert 2 < len(server.requests) < 20


def test_a_look_gives_up_soon_for_a_job_waits_behind_it(store: SupabaseStore, server: SupabaseServer) -> None:
    server.fail(replies.LOCK_TIMEOUT, times=1000)
    looks: list[Callable[[], object]] = [lambda: store.read(KEY, 100), lambda: store.stat(KEY), store.check]
    for look in looks:
        server.requests.clear()
        with pytest.raises(StorageUnavailable):
            look()
        assert len(server.requests) == 2


def test_a_large_file_has_a_larger_budget(config: SupabaseConfig, server: SupabaseServer, tmp_path: Path) -> None:
    store = SupabaseStore(config, policy=RetryPolicy(seconds=0.05, wait_initial=0.01))
    slow_failure = Fault(hang=0.2)
    server.fail(slow_failure)
    with pytest.raises(StorageUnavailable):
        store.stat(KEY)
    server.fail(slow_failure)
    store.put(written(tmp_path, MIB), KEY, HEADERS, NO_DEADLINE)
    store.close()
    assert server.requests == [INFO, UPLOAD, UPLOAD, INFO]


def test_retry_after_is_honoured(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    server.fail(replies.slow_down("1"))
    begun = time.monotonic()
    store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    assert time.monotonic() - begun >= 1.0


def test_a_store_that_wants_a_longer_rest_than_the_budget_is_given_up(
    store: SupabaseStore, server: SupabaseServer
) -> None:
    server.fail(replies.slow_down("3600"))
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable):
        store.stat(KEY)
    assert time.monotonic() - begun < 5.0
    assert server.requests == [INFO]


@pytest.mark.parametrize("fault", [replies.LOCK_TIMEOUT, replies.slow_down("30")], ids=["back-off", "Retry-After"])
def test_a_deadline_ends_the_wait_for_the_next_attempt(
    patient: SupabaseStore, server: SupabaseServer, tmp_path: Path, fault: Fault
) -> None:
    server.fail(fault, times=10)
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        patient.put(written(tmp_path, 100), KEY, HEADERS, JobControl(deadline=begun + 0.5))
    assert time.monotonic() - begun < 5.0
    assert server.requests == [UPLOAD]


def test_a_deadline_ends_the_wait_for_an_answer(store: SupabaseStore, server: SupabaseServer, tmp_path: Path) -> None:
    server.fail(Fault(hang=30.0))
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        store.put(written(tmp_path, 100), KEY, HEADERS, JobControl(deadline=begun + 0.1))
    assert time.monotonic() - begun < 10.0


def test_a_silent_store_is_unavailable_after_the_time_out(config: SupabaseConfig, server: SupabaseServer) -> None:
    store = SupabaseStore(config, policy=attrs.evolve(POLICY, attempts=2), call_timeout=httpx.Timeout(0.1))
    server.fail(Fault(hang=30.0), times=2)
    with pytest.raises(StorageUnavailable, match="in time"):
        store.url(KEY)
    store.close()


def test_an_upload_has_a_time_out_of_its_own(config: SupabaseConfig, server: SupabaseServer, tmp_path: Path) -> None:
    store = SupabaseStore(config, policy=RetryPolicy(attempts=1), upload_timeout=httpx.Timeout(0.1))
    server.fail(Fault(hang=0.5))
    with pytest.raises(StorageUnavailable, match="in time"):
        store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    store.close()


def test_no_attempt_begins_after_the_deadline() -> None:
    now = [0.0]
    begun = []

    def operation() -> None:
        begun.append(now[0])
        now[0] += 1.0
        message = "busy"
        raise Transient(message, retry_after=0.0)

    with pytest.raises(DeadlineExceeded):
        with_retries(operation, RetryPolicy(attempts=10), JobControl(deadline=3.0, clock=lambda: now[0]))
    assert begun == [0.0, 1.0, 2.0]


def test_a_check_is_quick_to_give_up(patient: SupabaseStore, server: SupabaseServer) -> None:
    server.fail(replies.LOCK_TIMEOUT, times=10)
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable):
        patient.check()
    assert time.monotonic() - begun < 5.0


def test_a_url_is_given_up_after_two_quick_attempts(config: SupabaseConfig, server: SupabaseServer) -> None:
    """The clip is stored by then: its reply must not miss the platform's limit for want of a URL."""
    store = SupabaseStore(config, policy=RetryPolicy(attempts=1000, seconds=60.0, wait_initial=0.05, wait_max=0.05))
    server.fail(replies.LOCK_TIMEOUT, times=1000)
    with pytest.raises(StorageUnavailable):
        store.url(KEY)
    store.close()
    assert len(server.requests) == 2
