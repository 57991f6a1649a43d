"""The worker, with a model that fails as its prompts say. All else is the worker's own.

`python -m tests.support.failing_worker`: FAILING as the command of a WorkerProcess, with MODEL_BACKEND=synthetic.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import attrs
import torch
from dependency_injector import providers
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.synthetic import SyntheticModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from container import Container
from domain.clip import Clip
from domain.plan import GenerationPlan
from entrypoints.runpod_worker import main
from tests.support.card_model import CardModel

FAILING: Final = ("-m", "tests.support.failing_worker")

FAILURES: Final[Mapping[str, Callable[[], Exception]]] = {
    "out_of_memory": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "gpu_failed": lambda: RuntimeError("CUDA error: an illegal memory access was encountered"),
    "internal": lambda: ZeroDivisionError("canary of a bug"),
}
"""What the device raises in the decode, under the encoder, by the code that the job should end with."""


class FailingModel(CardModel):
    """The test card; a prompt that names a failure lets the second chunk of frames raise it."""

    __slots__ = ()

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        with self._card.generate(plan, inputs, control) as clip:
            yield attrs.evolve(clip, chunks=_chunks(clip, plan.prompt))


def _chunks(clip: Clip, prompt: str) -> Iterator[memoryview]:
    if prompt == "encode_failed":  # a clip that is shorter than it says
        yield next(clip.chunks)
        return
    for number, chunk in enumerate(clip.chunks):
        if number and prompt in FAILURES:
            failure = FAILURES[prompt]()
            with translated():
                raise failure
        yield chunk


if __name__ == "__main__":  # the SDK's ping process imports this module again
    Container.model.override(
        providers.ThreadSafeSingleton(FailingModel, providers.Object(SyntheticModel(ModelConfig())))
    )
    main()
