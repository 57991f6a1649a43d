"""A result cannot be lost: whole jobs against a store that dies, and the workers that come after."""

import datetime as dt
from pathlib import Path

import attrs
import pytest

from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from adapters.object_store.outbox import OutboxStore
from adapters.object_store.outbox_folder import OutboxFolder
from adapters.wire.codec import Wire
from application.generate_once import GenerateOnce
from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import StorageUnavailable
from domain.geometry import Side
from domain.limits import Limits
from domain.naming import IdempotencyKey
from domain.requests import Prompt, TextToVideo
from domain.results import GenerationResult
from entrypoints.boot import boot
from entrypoints.guard import Guard
from tests.fakes.encoder import FakeEncoder
from tests.fakes.image_fetcher import FakeImageFetcher
from tests.fakes.interpolator import FakeInterpolator
from tests.fakes.media_fetcher import FakeMediaFetcher
from tests.fakes.object_store import InMemoryStore
from tests.fakes.target_store import FakeTargetStore
from tests.fakes.video_model import FakeVideoModel

REQUEST = TextToVideo(
    prompt=Prompt("a dog"), width=Side(64), height=Side(64), idempotency_key=IdempotencyKey("order-7")
)
INPUT = {"prompt": "a dog", "width": 64, "height": 64, "idempotency_key": "order-7"}
CLIP = "clips/2026-01-13/job-1/video.mp4"
RECORD = "clips/_jobs/order-7.json"


class Worker:
    """One process, with a store and a network volume that others share."""

    def __init__(self, store: InMemoryStore, volume: Path | None, work_root: Path) -> None:
        self.now = 0.0
        self.model = FakeVideoModel()
        self.store = OutboxStore(store, OutboxFolder(volume) if volume else None, clock=lambda: self.now)
        generate = GenerateVideo(
            model=self.model,
            store=self.store,
            targets=FakeTargetStore(),
            fetcher=FakeImageFetcher({}),
            media=FakeMediaFetcher(),
            interpolator=FakeInterpolator(),
            encoder=FakeEncoder(),
            limits=Limits(),
            prefix="clips",
            work_root=work_root,
            today=lambda: dt.date(2026, 1, 13),
        )
        self.once = GenerateOnce(
            generate=generate, model=self.model, store=self.store, codec=Wire(), prefix="clips", work_root=work_root
        )
        self.guard = Guard(Wire(), self.once)

    def run(self, request: TextToVideo = REQUEST, job_id: str = "job-1") -> GenerationResult:
        return self.once(request, Job(id=job_id, may_return=True), JobControl())

    def reply(self, job_id: str = "job-1") -> dict[str, object]:
        return self.guard(INPUT, Job(id=job_id, may_return=True), JobControl())


def test_a_job_whose_store_was_down_is_answered_from_its_record_once_the_outbox_is_drained(tmp_path: Path) -> None:
    store, volume = InMemoryStore(), tmp_path / "volume"
    store.broken = StorageUnavailable("no answer")
    failure = Worker(store, volume, tmp_path).reply()
    assert (failure["code"], failure["retryable"]) == ("storage_unavailable", True)
    storage = failure["storage"]
    assert isinstance(storage, dict)
    assert (storage["bucket"], storage["path"], storage["pending"]) == ("bucket", CLIP, True)
    assert store.objects == {}

    store.broken = None
    later = Worker(store, volume, tmp_path)
    assert later.store.drain(60) == 2
    assert list(store.objects) == [CLIP, RECORD]
    assert store.stat(CLIP).sha256 == storage["sha256"]
    again = later.run(job_id="job-2")
    assert (again.replayed, later.model.plans) == (True, [])
    assert again.stored.signed_url is not None
    assert (again.video.sha256, again.stored.path) == (storage["sha256"], CLIP)


def test_the_next_job_of_the_same_worker_delivers_it_too(tmp_path: Path) -> None:
    store, volume = InMemoryStore(), tmp_path / "volume"
    worker = Worker(store, volume, tmp_path)
    store.broken = StorageUnavailable("no answer")
    assert worker.reply()["ok"] is False
    store.broken = None
    worker.now += 60
    worker.run(attrs.evolve(REQUEST, idempotency_key=None), job_id="job-2")
    assert list(store.objects)[1:3] == [CLIP, RECORD]
    assert list(volume.iterdir()) == []


def test_without_an_outbox_the_reply_says_that_nothing_was_kept(tmp_path: Path) -> None:
    store = InMemoryStore()
    store.broken = StorageUnavailable("no answer")
    failure = Worker(store, None, tmp_path).reply()
    assert "storage" not in failure
    assert "could not be kept" in str(failure["error"])


def test_a_replayed_reply_is_the_first_one_but_for_url_and_notice(tmp_path: Path) -> None:
    worker = Worker(InMemoryStore(), None, tmp_path)
    first, second = worker.reply(), worker.reply("job-2")
    for reply, warnings in ((first, 0), (second, 1)):
        storage, meta = reply["storage"], reply["meta"]
        assert isinstance(storage, dict)
        assert isinstance(meta, dict)
        assert storage.pop("signed_url")
        assert storage.pop("expires_at")
        assert len(meta.pop("warnings")) == warnings
    assert first == second
    assert len(worker.model.plans) == 1


@pytest.mark.parametrize("store_answers", [True, False])
def test_a_worker_that_starts_delivers_what_waits_if_the_store_answers(tmp_path: Path, store_answers: bool) -> None:
    (tmp_path / "clip").write_bytes(b"clip")
    OutboxFolder(tmp_path / "outbox").add(tmp_path / "clip", CLIP, ObjectHeaders(content_type="video/mp4"))
    environ = {
        "MODEL_BACKEND": "synthetic",
        "STORAGE_BACKEND": "local" if store_answers else "supabase",
        "SUPABASE_URL": "http://127.0.0.1:9",
        "SUPABASE_SECRET_KEY": "sb_secret_canary",  # pragma: allowlist secret
        "LOCAL_STORE_DIR": str(tmp_path / "store"),
        "OUTBOX_DIR": str(tmp_path / "outbox"),
        "HOME": str(tmp_path),
    }
    (entry,) = (tmp_path / "outbox").iterdir()
    untouched = entry.stat().st_ctime_ns  # a claim, a rename, changes it
    boot(environ)
    waiting = list((tmp_path / "outbox").iterdir())
    if store_answers:
        assert waiting == []
        assert LocalStore(LocalConfig(root=tmp_path / "store")).read(CLIP, 10) == b"clip"
    else:
        assert waiting == [entry]
        assert entry.stat().st_ctime_ns == untouched
