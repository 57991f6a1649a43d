"""What every ObjectStore keeps while its server, or the way to it, fails.

`ObjectStoreOutageContract` is for every store, fakes included: a subclass gives the fixture `outage`.
`ObjectStoreFaultsContract` is for stores that speak HTTP: a subclass gives `upstream`, the real server's root, and
`build`, which makes the same store at any address; a fault proxy stands between the two.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import attrs
import pytest
from typing_extensions import override

from adapters.object_store.retries import RetryPolicy
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore
from domain.errors import DeadlineExceeded, ObjectMissing, StorageAuth, StorageRejected, StorageUnavailable, WorkerError
from tests.contract.object_store_contract import HEADERS, KEY, MIB, NO_DEADLINE, fetched, written
from tests.support.fault_proxy import Fault, FaultProxy, Matches, Passed, anything, fault_proxy, uploading

PATIENT = RetryPolicy(attempts=5, seconds=30.0, wait_initial=0.02, wait_max=0.1)
TIRELESS = RetryPolicy(attempts=60, seconds=30.0, wait_initial=0.1, wait_max=0.3)
HASTY = RetryPolicy(attempts=2, seconds=2.0, wait_initial=0.01, wait_max=0.05)
ENDLESS = float("inf")
HTML = b"<html><h1>503 Service Unavailable</h1>gateway-7.internal</html>"

Build = Callable[[str, RetryPolicy], ObjectStore]
"""A store at an address, with the patience of a policy."""

FINAL: dict[int, type[WorkerError]] = {401: StorageAuth, 403: StorageAuth, 413: StorageRejected}
"""What will not pass, as a gateway says it."""

CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "read": lambda store: store.read(KEY, MIB),
    "stat": lambda store: store.stat(KEY),
    "url": lambda store: store.url(KEY),
    "delete": lambda store: store.delete(KEY),
    "check": lambda store: store.check(),
}


@attrs.frozen(kw_only=True)
class Outage:
    """A store, and how to make it unavailable and available again."""

    store: ObjectStore
    begin: Callable[[], None]
    end: Callable[[], None]
    hidden: tuple[str, ...] = ()


class ObjectStoreOutageContract:
    @pytest.fixture
    def outage(self) -> Outage:
        raise NotImplementedError

    @pytest.mark.parametrize("size", [1000, 7 * MIB])
    def test_an_outage_leaves_what_was_there(self, outage: Outage, tmp_path: Path, size: int) -> None:
        old = written(tmp_path, 500)
        outage.store.put(old, KEY, ObjectHeaders(content_type="image/png", sha256="0" * 64), NO_DEADLINE)
        outage.begin()
        with pytest.raises(StorageUnavailable) as caught:
            outage.store.put(written(tmp_path, size), KEY, HEADERS, NO_DEADLINE)
        outage.end()
        assert_presentable(caught.value, outage.hidden)
        assert outage.store.read(KEY, MIB) == old.read_bytes()
        assert outage.store.stat(KEY) == ObjectStat(size=500, content_type="image/png", sha256="0" * 64)

    @pytest.mark.parametrize("size", [1000, 7 * MIB])
    def test_after_an_outage_all_is_well(self, outage: Outage, tmp_path: Path, size: int) -> None:
        source = written(tmp_path, size)
        outage.begin()
        with pytest.raises(StorageUnavailable):
            outage.store.put(source, KEY, HEADERS, NO_DEADLINE)
        outage.end()
        with pytest.raises(ObjectMissing):
            outage.store.stat(KEY)
        outage.store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert outage.store.read(KEY, size) == source.read_bytes()


class ObjectStoreFaultsContract(ObjectStoreOutageContract):
    sent_again_at_most: ClassVar[int]
    """Bytes of bodies beyond the file's own, after a cut at 90 %."""
    heeds_retry_after: ClassVar[bool] = False
    """Whether the client can read the header; where it cannot, it comes too early, but often enough."""
    size: ClassVar[int] = 20 * MIB
    """Of a file that is large for the store."""

    @pytest.fixture
    def upstream(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def build(self) -> Build:
        raise NotImplementedError

    def finishes(self, request: Passed) -> bool:
        """Whether a request is the one by which a large file becomes an object."""
        raise NotImplementedError

    @pytest.fixture
    def proxy(self, upstream: str) -> Iterator[FaultProxy]:
        with fault_proxy(upstream) as proxy:
            yield proxy

    @pytest.fixture
    def store(self, proxy: FaultProxy, build: Build) -> ObjectStore:
        return build(proxy.url, PATIENT)

    @pytest.fixture(params=["busy", "connections reset", "page of a gateway"])
    @override
    def outage(self, request: pytest.FixtureRequest, proxy: FaultProxy, build: Build) -> Outage:
        fault = {
            "busy": Fault(matches=anything, times=ENDLESS, status=503),
            "connections reset": Fault(matches=anything, times=ENDLESS, cut_after=0),
            "page of a gateway": Fault(matches=anything, times=ENDLESS, status=502, body=HTML),
        }[request.param]
        hidden = (proxy.url, proxy.url.removeprefix("http://"), "127.0.0.1", "gateway-7", "<html")
        return Outage(
            store=build(proxy.url, HASTY),
            begin=lambda: setattr(proxy, "fault", fault),
            end=lambda: setattr(proxy, "fault", None),
            hidden=hidden,
        )

    def test_a_proxy_that_keeps_the_host_changes_nothing(self, store: ObjectStore, tmp_path: Path) -> None:
        source = written(tmp_path, 7 * MIB)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert store.read(KEY, 7 * MIB) == source.read_bytes()
        assert fetched(store.url(KEY).url) == source.read_bytes()

    @pytest.mark.parametrize(("status", "size"), [(503, 1000), (503, 7 * MIB), (500, 1000)])
    def test_a_failure_that_passes_is_not_noticed(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path, status: int, size: int
    ) -> None:
        source = written(tmp_path, size)
        proxy.fault = Fault(status=status, times=2, body=HTML)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert proxy.fault.hits == 2
        assert store.read(KEY, size) == source.read_bytes()

    @pytest.mark.parametrize("call", CALLS)
    def test_every_call_gets_over_one_failure(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path, call: str
    ) -> None:
        store.put(written(tmp_path, 1000), KEY, HEADERS, NO_DEADLINE)
        first = {"times": 1, "matches": anything, "status": 503}
        proxy.fault = Fault(**first)  # type: ignore[arg-type]  # the values' types differ
        CALLS[call](store)
        assert proxy.fault.hits == (0 if call == "url" and store.is_public else 1)

    @pytest.mark.parametrize("size", [1000, 7 * MIB])
    def test_a_store_that_asks_for_a_rest_gets_it(
        self, build: Build, proxy: FaultProxy, tmp_path: Path, size: int
    ) -> None:
        store, source = build(proxy.url, TIRELESS), written(tmp_path, size)
        proxy.fault = Fault(status=429, seconds=1.0, headers={"Retry-After": "1"}, body=b"slow down")
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        first, *others = proxy.seen()
        assert first.status == 429
        assert others[-1].at - first.at >= 1.0
        if self.heeds_retry_after:
            assert [other for other in proxy.seen(anything) if first.at < other.at < first.at + 1.0] == []
        assert store.read(KEY, size) == source.read_bytes()

    def test_a_cut_near_the_end_costs_little(self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path) -> None:
        source = written(tmp_path, self.size)
        proxy.fault = Fault(cut_after=self.size * 9 // 10)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert proxy.fault.hits == 1
        assert store.read(KEY, self.size) == source.read_bytes()
        assert sum(request.body for request in proxy.seen()) <= self.size + self.sent_again_at_most

    def test_a_small_file_is_sent_again_after_a_cut(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path
    ) -> None:
        source = written(tmp_path, MIB)
        proxy.fault = Fault(cut_after=MIB * 9 // 10)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert proxy.fault.hits == 1
        assert store.read(KEY, MIB) == source.read_bytes()

    @pytest.mark.parametrize("size", [1000, 7 * MIB])
    def test_an_answer_that_is_lost_changes_nothing(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path, size: int
    ) -> None:
        source = written(tmp_path, size)
        last: Matches = uploading if size < MIB else self.finishes
        proxy.fault = Fault(lose_answer=True, matches=last)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert proxy.fault.hits == 1
        assert store.read(KEY, size) == source.read_bytes()
        assert store.stat(KEY).content_type == HEADERS.content_type

    @pytest.mark.parametrize("size", [1000, 7 * MIB])
    @pytest.mark.parametrize("status", FINAL)
    def test_what_will_not_pass_is_not_tried_again(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path, status: int, size: int
    ) -> None:
        old = written(tmp_path, 500)
        store.put(old, KEY, HEADERS, NO_DEADLINE)
        proxy.requests.clear()
        proxy.fault = Fault(status=status, times=ENDLESS, body=b"<html>gateway-7.internal</html>")
        with pytest.raises(FINAL[status]) as caught:
            store.put(written(tmp_path, size), KEY, HEADERS, NO_DEADLINE)
        assert_presentable(caught.value, (proxy.url, "127.0.0.1", "gateway-7"))
        assert not isinstance(caught.value, ObjectMissing)
        refused = [request.target for request in proxy.seen() if request.status == status]
        assert 1 <= len(refused) == len(set(refused))  # two parts of a file may be on their way at once
        proxy.fault = None
        assert store.read(KEY, MIB) == old.read_bytes()

    def test_a_store_that_stays_silent_does_not_outlast_the_deadline(
        self, store: ObjectStore, proxy: FaultProxy, tmp_path: Path
    ) -> None:
        proxy.fault = Fault(delay=30.0, times=ENDLESS)
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            store.put(written(tmp_path, 1000), KEY, HEADERS, JobControl(deadline=begun + 0.3))
        assert time.monotonic() - begun < 3.0
        proxy.fault = None
        with pytest.raises(ObjectMissing):
            store.stat(KEY)


def assert_presentable(error: WorkerError, hidden: tuple[str, ...]) -> None:
    assert error.message
    assert "\n" not in error.message
    assert len(error.message) < 400
    assert [text for text in hidden if text in error.message] == []
