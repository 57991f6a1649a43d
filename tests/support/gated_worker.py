"""The worker, with a model that keeps the device, and a store that keeps uploads, until a test opens a gate.

`python -m tests.support.gated_worker`: GATED as the command of a WorkerProcess, with MODEL_BACKEND=synthetic, the local
store, and GATES set to an existing folder. A gate is a file there: it is open when the file exists.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from dependency_injector import providers
from typing_extensions import override

from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from adapters.video_model.config import ModelConfig
from adapters.video_model.synthetic import SyntheticModel
from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders
from application.ports.video_model import GenerationInputs
from container import Container
from domain.clip import Clip
from domain.errors import GpuFailed
from domain.plan import GenerationPlan
from entrypoints.runpod_worker import main
from tests.support.card_model import CardModel

GATED: Final = ("-m", "tests.support.gated_worker")
TAKEN: Final = "device.taken"
"""Logged when a job has the device, before it waits for its gate."""
LEFT: Final = "device.left"
STORING: Final = "upload.began"
"""Logged when a clip is whole, before it waits for the gate `uploads`."""
UPLOADS: Final = "uploads"

_SHAPE: Final = {"width": 64, "height": 96, "num_frames": 9, "steps": 2}
_log = structlog.get_logger()


class Gates:
    """The gates of one worker; `folder` is its GATES."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def job_input(self, gate: str, *, is_lost: bool = False, **fields: Any) -> dict[str, Any]:
        """A small job that keeps the device until `gate` is open, and then loses it where `is_lost`."""
        return {"prompt": json.dumps({"gate": gate, "is_lost": is_lost}), **_SHAPE, **fields}

    def open(self, *gates: str) -> None:
        for gate in gates:
            (self.folder / gate).touch()

    def wait(self, gate: str, control: JobControl) -> None:
        """Return when `gate` is open. Raises what `control.check` raises."""
        while not (self.folder / gate).exists():
            control.check()
            time.sleep(0.01)


class GatedModel(CardModel):
    """The test card. A job waits in its first denoising step, with the device in its hands."""

    __slots__ = ()

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        wish = json.loads(plan.prompt) if plan.prompt.startswith("{") else None

        def report(event: StageProgress) -> None:
            if wish is not None and event.stage == "generate" and event.done == 1:
                _log.info(TAKEN)
                try:
                    _gates().wait(wish["gate"], control)
                    if wish["is_lost"]:
                        message = "The GPU's context was lost; this worker will be replaced"
                        raise GpuFailed(message)
                except BaseException:
                    _log.info(LEFT)
                    raise
            control.report(event)

        with self._card.generate(plan, inputs, JobControl(
            deadline=control.deadline, is_cancelled=control.is_cancelled, report=report, clock=control.clock,
            picked_up=control.picked_up,
        )) as clip:  # fmt: skip
            yield clip
            if wish is not None:
                _log.info(LEFT)


class GatedStore(LocalStore):
    """The local store; a clip waits for the gate `uploads`. Records and the probe do not."""

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        if key.endswith(".mp4"):
            _log.info(STORING)
            _gates().wait(UPLOADS, control)
        super().put(source, key, headers, control)


def _gates() -> Gates:
    return Gates(Path(os.environ["GATES"]))


if __name__ == "__main__":  # the SDK's ping process imports this module again
    Container.model.override(providers.ThreadSafeSingleton(GatedModel, providers.Object(SyntheticModel(ModelConfig()))))
    Container.plain_store.override(
        providers.ThreadSafeSingleton(GatedStore, LocalConfig(root=Path(os.environ["LOCAL_STORE_DIR"])))
    )
    main()
