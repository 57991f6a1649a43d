"""The order of the main use case, and that nothing but a whole clip is ever stored."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import attrs
import pytest

from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl, StageProgress
from domain.errors import (
    DeadlineExceeded,
    DiskFull,
    EncodeFailed,
    GpuFailed,
    InvalidInput,
    ModelUnavailable,
    OutOfMemory,
    OverLimit,
    StorageAuth,
    StoragePending,
    StorageUnavailable,
    WorkerError,
)
from domain.geometry import FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.naming import FileName
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Prompt, TextToVideo
from domain.results import ClipPending, GenerationResult
from domain.sampling import Seed, Steps
from domain.version import WORKER_VERSION
from tests.fakes.encoder import FakeEncoder
from tests.fakes.image_fetcher import FakeImageFetcher, plain_picture
from tests.fakes.interpolator import FakeInterpolator
from tests.fakes.media_fetcher import FakeMediaFetcher
from tests.fakes.object_store import InMemoryStore
from tests.fakes.target_store import FakeTargetStore
from tests.fakes.video_model import STATISTICS, FakeVideoModel

SMALL = TextToVideo(prompt=Prompt("a dog"), width=Side(100), height=Side(64), num_frames=FrameCount(10), seed=Seed(3))
PICTURE = ImageToVideo(
    **{field.name: getattr(SMALL, field.name) for field in attrs.fields(TextToVideo)}, image=ImageUrl("https://a.b/c")
)
KEY = "clips/2026-01-13/job-1/video.mp4"


class World:
    """The use case among fakes."""

    def __init__(self, root: Path, *, public: bool = False) -> None:
        self.model = FakeVideoModel()
        self.store = InMemoryStore(public=public)
        self.targets = FakeTargetStore()
        self.fetcher = FakeImageFetcher({"https://a.b/c": plain_picture()})
        self.media = FakeMediaFetcher()
        self.encoder = FakeEncoder()
        self.interpolator = FakeInterpolator()
        self.root = root
        self.generate = GenerateVideo(
            model=self.model,
            store=self.store,
            targets=self.targets,
            fetcher=self.fetcher,
            media=self.media,
            interpolator=self.interpolator,
            encoder=self.encoder,
            limits=Limits(),
            prefix="clips",
            work_root=root,
            today=lambda: dt.date(2026, 1, 13),
        )

    def run(self, request: GenerationRequest = SMALL, **control: Any) -> GenerationResult:
        return self.generate(request, Job(id="job-1"), JobControl(**control))

    def fails(self, kind: type[WorkerError], request: GenerationRequest = SMALL, **control: Any) -> None:
        """The job ends in `kind`, nothing is stored, and nothing is left: no file, no device that is taken."""
        with pytest.raises(kind):
            self.run(request, **control)
        assert self.store.objects == {}
        assert list(self.root.iterdir()) == []
        entered = self.model.left
        self.run()
        assert self.model.left == entered + 1
        self.store.objects.clear()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_clip_is_made_verified_and_stored_where_the_contract_says(world: World) -> None:
    result = world.run()
    assert list(world.store.objects) == [KEY]
    kept = world.store.objects[KEY]
    assert (result.video.size, result.video.sha256) == (len(kept.content), kept.headers.sha256)
    assert kept.headers.content_type == result.video.content_type
    assert world.encoder.calls == [("encode", "video.mp4"), ("verify", "video.mp4")]
    assert (result.stored.backend, result.stored.bucket, result.stored.path) == ("memory", "bucket", KEY)
    assert result.seed == Seed(3)
    assert str(result.output.resolution) == "100x64"
    assert str(result.canvas.resolution) == "128x64"
    assert result.worker_version == WORKER_VERSION
    assert (result.mode, result.steps, result.guidance, result.device) == ("t2v", 30, 7.0, "cpu")
    assert (result.model.name, result.model.revision, result.model.family) == ("fake", "0", "ltx-2.3")


def test_a_private_store_signs_a_url(world: World) -> None:
    stored = world.run().stored
    assert stored.public_url is None
    assert stored.expires_at is not None
    assert stored.signed_url is not None
    assert world.store.fetch(stored.signed_url) == world.store.objects[KEY].content


def test_a_public_store_gives_a_public_url_also_if_no_signed_one_is_wanted(tmp_path: Path) -> None:
    stored = World(tmp_path, public=True).run(attrs.evolve(SMALL, return_signed_url=False)).stored
    assert stored.public_url is not None
    assert (stored.signed_url, stored.expires_at) == (None, None)


def test_no_url_is_signed_if_none_is_wanted(world: World) -> None:
    stored = world.run(attrs.evolve(SMALL, return_signed_url=False)).stored
    assert (stored.signed_url, stored.public_url, stored.expires_at) == (None, None, None)
    assert ("url", KEY) not in world.store.calls


def test_a_stored_clip_is_not_lost_for_want_of_a_url(world: World) -> None:
    world.store.fail("url", StorageUnavailable("no answer"))
    result = world.run()
    assert result.stored.signed_url is None
    assert result.stored.path == KEY
    assert result.all_warnings == ("The clip is stored, but the store gave no URL for it: no answer",)


def test_a_picture_is_fetched_and_handed_to_the_model(world: World) -> None:
    world.run(PICTURE)
    assert world.fetcher.fetched == [PICTURE.image]
    assert len(world.model.inputs[0].pictures) == 1
    world.run(SMALL)
    assert world.model.inputs[1].pictures == ()


def test_the_files_name_is_the_callers(world: World) -> None:
    path = world.run(attrs.evolve(SMALL, file_name=FileName("dog.mp4"))).stored.path
    assert path == "clips/2026-01-13/job-1/dog.mp4"


def test_the_plans_warnings_are_told(world: World) -> None:
    assert "low_vram" in world.run(attrs.evolve(SMALL, low_vram=True)).warnings[0]


def test_only_the_first_job_of_a_process_is_cold_also_if_it_failed(world: World) -> None:
    world.model.fail("enter", OutOfMemory("full"))
    with pytest.raises(OutOfMemory):
        world.run()
    assert world.run().cold is False


def test_the_first_job_is_cold(world: World) -> None:
    assert [world.run().cold, world.run().cold] == [True, False]


def test_a_plan_that_cannot_be_made_costs_nothing(world: World) -> None:
    for kind, request in (
        (InvalidInput, attrs.evolve(PICTURE, steps=Steps(1))),
        (OverLimit, attrs.evolve(PICTURE, num_frames=FrameCount(2000))),
        (OverLimit, attrs.evolve(PICTURE, num_frames=FrameCount(60), fps=FrameRate.from_number(1))),
    ):
        world.fails(kind, request)
    assert world.fetcher.fetched == []


def test_a_picture_that_cannot_be_had_costs_no_generation(world: World) -> None:
    with pytest.raises(WorkerError, match="image_url"):
        world.run(attrs.evolve(PICTURE, image=ImageUrl("https://nobody.there")))
    assert world.model.plans == []


@pytest.mark.parametrize("moment", ["enter", "chunk"])
@pytest.mark.parametrize("error", [OutOfMemory("full"), GpuFailed("lost")])
def test_what_the_model_raises_is_what_the_job_ends_with(world: World, moment: Any, error: WorkerError) -> None:
    world.model.fail(moment, error, after=1 if moment == "chunk" else 0)
    world.fails(type(error))


def test_a_model_that_cannot_be_loaded(world: World) -> None:
    world.model.fail("load", ModelUnavailable("incomplete"))
    world.fails(ModelUnavailable)


@pytest.mark.parametrize("method", ["encode", "verify"])
@pytest.mark.parametrize("error", [EncodeFailed("broken"), DiskFull("full")])
def test_a_file_that_is_not_right_is_not_stored(world: World, method: Any, error: WorkerError) -> None:
    world.encoder.fail(method, error)
    world.fails(type(error))


@pytest.mark.parametrize("error", [StorageUnavailable("no answer"), StorageAuth("wrong key")])
def test_a_store_that_does_not_take_it(world: World, error: WorkerError) -> None:
    world.store.fail("put", error)
    world.fails(type(error))


def test_a_clip_that_has_to_wait_ends_the_job_with_all_that_is_known_of_it(world: World) -> None:
    cause = OSError("refused")
    pending = StoragePending("no answer, kept", bucket="bucket", path=KEY, sha256="ab")
    pending.__cause__ = cause
    world.store.fail("put", pending)
    with pytest.raises(ClipPending, match="no answer, kept") as caught:
        world.run()
    error, result = caught.value, caught.value.result
    assert (error.code, error.retryable, error.__cause__) == ("storage_unavailable", True, cause)
    assert (error.bucket, error.path, error.sha256) == ("bucket", KEY, "ab")
    assert (result.stored.path, result.stored.signed_url, result.all_warnings) == (KEY, None, ())
    assert result == attrs.evolve(world.run(), stored=result.stored, timings=result.timings, cold=True)


@pytest.mark.parametrize("checks", range(40))
def test_a_deadline_ends_the_job_wherever_it_comes_or_comes_too_late(world: World, checks: int) -> None:
    """The clock jumps past the deadline at the n-th reading: the job is either whole or gone."""
    readings = itertools.count()

    def clock() -> float:
        return 0.0 if next(readings) < checks else 100.0

    try:
        world.run(PICTURE, deadline=50.0, clock=clock)
    except DeadlineExceeded:
        assert world.store.objects == {}
    else:
        assert list(world.store.objects) == [KEY]
    assert list(world.root.iterdir()) == []


def test_a_job_that_is_late_from_the_start_does_nothing(world: World) -> None:
    world.fails(DeadlineExceeded, PICTURE, deadline=-1e12)
    assert world.fetcher.fetched == []


def test_timings_are_the_models_and_the_clocks(world: World) -> None:
    timings = world.run(PICTURE, clock=itertools.count().__next__).timings
    assert (timings.prepare, timings.inference, timings.decode) == (
        STATISTICS.prepare_seconds, STATISTICS.inference_seconds, STATISTICS.decode_seconds,
    )  # fmt: skip
    assert timings.fetch > 0
    assert timings.encode > 0
    assert timings.upload > 0
    assert timings.total >= timings.fetch + timings.encode + timings.upload


def test_every_stage_reports(world: World) -> None:
    heard: list[StageProgress] = []
    world.run(report=heard.append)
    assert {event.stage for event in heard} == {"generate", "encode", "upload"}
    assert [event for event in heard if event.stage == "encode"][-1] == StageProgress("encode", 10, 10)


def test_what_takes_long_before_its_first_step_is_named_when_it_begins(world: World) -> None:
    heard: list[StageProgress] = []
    world.run(PICTURE, report=heard.append)
    assert heard[:3] == [
        StageProgress("fetch", 0, 1), StageProgress("fetch", 1, 1), StageProgress("generate", 0, 30),
    ]  # fmt: skip
    heard.clear()
    world.run(report=heard.append)
    assert heard[0] == StageProgress("generate", 0, 30)


def test_today_is_a_day_in_utc(world: World) -> None:
    default = attrs.fields(GenerateVideo).today.default
    assert default is not None
    generate = attrs.evolve(world.generate, prefix="", today=default)
    before = dt.datetime.now(dt.UTC).date()
    path = generate(SMALL, Job(id="a"), JobControl()).stored.path
    assert before.isoformat() <= path.split("/")[0] <= dt.datetime.now(dt.UTC).date().isoformat()
