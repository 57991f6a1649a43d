"""A worker in this process with a canary in every setting, and ports that can be made to fail."""

from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from application.job import Job
from application.job_control import JobControl
from application.ports.image_fetcher import ImageFetcher
from application.ports.target_store import TargetStore
from container import Container, open_container
from domain.clip import Picture
from domain.errors import WorkerError
from domain.plan import GenerationPlan
from domain.requests import ImageReference
from entrypoints.guard import Guard
from entrypoints.replies import Reply
from tests.fakes.encoder import FakeEncoder
from tests.fakes.image_fetcher import plain_picture
from tests.fakes.object_store import InMemoryStore
from tests.fakes.target_store import FakeTargetStore
from tests.fakes.video_model import FakeVideoModel
from tests.security.planted import SHAPED, planted

OWN: Final[dict[str, Any]] = {
    "mode": "i2v",
    "prompt": f"a canary in a cage, {SHAPED}",
    "negative_prompt": "eyJhbGciOiJIUzI1NiJ9.canarycanary.canary",  # pragma: allowlist secret
    "image_url": "https://canary-pictures.example.com/canary/a.png?X-Amz-Signature=canary",
    "width": 64,
    "height": 64,
    "steps": 8,
    "num_frames": 9,
    "enhance_prompt": True,
}
MOMENTS: Final = (
    "fetch", "load", "enhance", "enter", "generate", "chunk", "encode", "verify", "put", "url", "read", "stat",
)  # fmt: skip


class Fetcher(ImageFetcher):
    """Gives a picture, or raises `error`."""

    error: BaseException | None = None

    @override
    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        if self.error is not None:
            raise self.error
        return plain_picture()


class Model(FakeVideoModel):
    """Breaks with `error`, which need not be one of ours, when a clip is made."""

    error: BaseException | None = None

    @override
    def _run_steps(self, plan: GenerationPlan, control: JobControl) -> None:
        if self.error is not None:
            raise self.error
        super()._run_steps(plan, control)


class World:
    """The worker as the planted environment makes it, on fakes that can be made to fail, or with `targets` as given."""

    def __init__(self, folder: Path, targets: TargetStore | None = None) -> None:
        self.folder = folder
        self.environ = planted(folder) | {"STORAGE_BACKEND": "local", "HOME": str(folder / "canary-home")}
        self.container: Container = open_container(self.environ)
        self.model, self.store, self.encoder, self.fetcher = Model(), InMemoryStore(), FakeEncoder(), Fetcher()
        self.container.model.override(self.model)
        self.container.plain_store.override(self.store)
        self.container.target_store.override(targets or FakeTargetStore())
        self.container.encoder.override(self.encoder)
        self.container.image_fetcher.override(self.fetcher)
        self.guard = Guard(self.container.codec(), self.container.generate_once())

    def reply(self, raw: object = OWN, job_id: str = "job-1") -> Reply:
        return self.guard(raw, Job(id=job_id, may_return=True), JobControl())

    def fail(self, moment: str, error: WorkerError) -> None:
        match moment:
            case "fetch":
                self.fetcher.error = error
            case "generate":
                self.model.error = error
            case "load" | "enhance" | "enter" | "chunk":
                self.model.fail(moment, error)
            case "encode" | "verify":
                self.encoder.fail(moment, error)
            case "put" | "url" | "read" | "stat":
                self.store.fail(moment, error)
            case _:
                raise ValueError(moment)
