"""A worker in this process that tells of its jobs."""

from pathlib import Path
from typing import Any

import attrs

from adapters.notifier.standard_webhooks import StandardWebhooks
from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from entrypoints.guard import Guard, Operation
from entrypoints.webhooks import Webhooks
from tests.fakes.object_store import InMemoryStore
from tests.fakes.video_model import FakeVideoModel

SMALL: dict[str, Any] = {"prompt": "a lighthouse", "width": 64, "height": 64, "num_frames": 9, "seed": 7}
TAKEN = {"delivered": True, "attempts": 1, "last_status": 204, "reason": None}


@attrs.define
class Worker:
    """A worker in this process on a test card and a store in memory, told by `settings` whom to tell of its jobs.

    Between its tries it does not wait; `waited` adds up what it would have.
    """

    folder: Path
    settings: dict[str, str]
    store: InMemoryStore = attrs.field(factory=InMemoryStore)
    model: FakeVideoModel | None = None
    waited: list[float] = attrs.field(factory=list)

    def container(self) -> Container:
        container = open_container({
            "STORAGE_BACKEND": "local",
            "MODEL_BACKEND": "synthetic",
            "HOME": str(self.folder),
            "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "LOG_FORMAT": "json",
            **self.settings,
        })  # fmt: skip
        container.plain_store.override(self.store)
        if self.model is not None:
            container.model.override(self.model)
        real = container.notifier()
        assert isinstance(real, StandardWebhooks)
        container.notifier.override(attrs.evolve(real, sleep=self.waited.append, jitter=lambda: 0.0))
        return container

    def reply(self, raw: object = SMALL, control: JobControl | None = None) -> dict[str, Any]:
        container = self.container()
        doctor = Operation(lambda _: {"ok": True, "mode": "doctor"})
        webhooks = Webhooks(container.notifier)
        guard = Guard(container.codec(), container.generate_once(), {"doctor": doctor}, webhooks)
        return guard(raw, Job(id="job.1/x", may_return=True), control or JobControl())
