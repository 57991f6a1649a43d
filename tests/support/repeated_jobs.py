"""GenerateOnce among fakes."""

import datetime as dt
from pathlib import Path

from adapters.wire.codec import Wire
from application.generate_once import GenerateOnce
from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl
from domain.geometry import Side
from domain.limits import Limits
from domain.record import JobRecord
from domain.requests import GenerationRequest, Prompt, TextToVideo
from domain.results import GenerationResult
from tests.fakes.encoder import FakeEncoder
from tests.fakes.image_fetcher import FakeImageFetcher
from tests.fakes.interpolator import FakeInterpolator
from tests.fakes.media_fetcher import FakeMediaFetcher
from tests.fakes.object_store import InMemoryStore
from tests.fakes.target_store import FakeTargetStore
from tests.fakes.video_model import FakeVideoModel

REQUEST = TextToVideo(prompt=Prompt("a dog"), negative_prompt="blurry", width=Side(64), height=Side(64))
RECORD = "clips/_jobs/job-1.json"
CLIP = "clips/2026-01-13/job-1/video.mp4"
NOTICE = "Answered from the record of an earlier delivery; the clip was made at 2026-01-13T12:00:00Z"
UNREADABLE = "The record of an earlier delivery could not be read; the clip was made anew"


class World:
    """The use case among fakes. `again()` is the same store seen by another worker."""

    def __init__(self, root: Path, store: InMemoryStore | None = None) -> None:
        self.root = root
        self.now = dt.datetime(2026, 1, 13, 12, tzinfo=dt.UTC)
        self.model = FakeVideoModel()
        self.store = store or InMemoryStore(clock=lambda: self.now)
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
            work_root=root,
            today=lambda: self.now.date(),  # noqa: PLW0108 - `now` moves
        )
        self.once = GenerateOnce(
            generate=generate,
            model=self.model,
            store=self.store,
            codec=Wire(),
            prefix="clips",
            work_root=root,
            now=lambda: self.now,
        )

    def again(self, **later: float) -> "World":
        other = World(self.root, self.store)
        other.now = self.now = self.now + dt.timedelta(**later)
        return other

    @property
    def renders(self) -> int:
        return len(self.model.plans)

    def run(
        self, request: GenerationRequest = REQUEST, *, job_id: str = "job-1", may_return: bool = True
    ) -> GenerationResult:
        result = self.once(request, Job(id=job_id, may_return=may_return), JobControl())
        assert list(self.root.iterdir()) == []
        return result

    def record(self, key: str = RECORD) -> JobRecord:
        return Wire().decode_record(self.store.objects[key].content)
