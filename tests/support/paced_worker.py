"""The worker, with a model whose jobs take as long as their prompts say. All else is the worker's own.

`python -m tests.support.paced_worker`: PACED as the command of a WorkerProcess, with MODEL_BACKEND=synthetic.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import structlog
from dependency_injector import providers
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.synthetic import SyntheticModel
from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs
from container import Container
from domain.clip import Clip
from domain.plan import GenerationPlan
from entrypoints.runpod_worker import main
from tests.support.card_model import CardModel

PACED: Final = ("-m", "tests.support.paced_worker")
STEP: Final = "step.began"
"""Logged with `step`, from 1."""
ENCODED: Final = "clip.encoded"
"""Logged when nothing is left to do but to verify and to store the clip."""

_SHAPE: Final = {"width": 64, "height": 96, "num_frames": 9}

_log = structlog.get_logger()


@attrs.frozen(kw_only=True)
class Pace:
    """Seconds that a denoising step takes, and that the model is held once the clip is encoded."""

    step: float = 0.0
    held: float = 0.0

    def job_input(self, **fields: Any) -> dict[str, Any]:
        """A small job at this pace."""
        return {"prompt": json.dumps(attrs.asdict(self)), **_SHAPE, **fields}

    @classmethod
    def of(cls, prompt: str) -> "Pace":
        return cls(**json.loads(prompt)) if prompt.startswith("{") else cls()


class PacedModel(CardModel):
    """The test card at the pace of the prompt. A step cannot be interrupted, like one on a GPU."""

    __slots__ = ()

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        pace = Pace.of(plan.prompt)

        def report(event: StageProgress) -> None:
            if event.stage == "generate" and pace.step:
                _log.info(STEP, step=event.done)
                time.sleep(pace.step)
            control.report(event)

        with self._card.generate(plan, inputs, attrs.evolve(control, report=report)) as clip:
            yield clip
            if pace.held:
                _log.info(ENCODED)
                time.sleep(pace.held)


if __name__ == "__main__":  # the SDK's ping process imports this module again
    Container.model.override(providers.ThreadSafeSingleton(PacedModel, providers.Object(SyntheticModel(ModelConfig()))))
    main()
