"""The worker's own adapter, from a request to frames on the host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import numpy as np
from typing_extensions import override

from adapters.video_model.diffusers.engine import Engine
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs
from benchmarks.gpu.subject import FPS, SEED, ClipSize, Subject, SubjectName
from domain.geometry import FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.profile import ModelProfile
from domain.recipes import Preset
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed, Steps


def planned(size: ClipSize, prompt: str, profile: ModelProfile, steps: int | None) -> GenerationPlan:
    """The plan of a clip as the worker makes it.

    In one stage a distilled checkpoint runs its eight sigmas and a dev checkpoint the makers' recipe; two stages are
    `quality`: eight sigmas, then three.
    """
    request = TextToVideo(
        prompt=Prompt(prompt),
        preset=_preset(size, profile),
        width=Side(size.width),
        height=Side(size.height),
        num_frames=FrameCount(size.frames),
        fps=FrameRate.from_number(FPS),
        steps=None if steps is None else Steps(steps),
    )
    limits = Limits(num_frames=size.frames, pixels=size.width * size.height, seconds=size.frames / FPS)
    return plan(request, profile, limits, Seed(SEED))


def _preset(size: ClipSize, profile: ModelProfile) -> Preset:
    if size.stages > 1:
        return "quality"
    return "fast" if profile.checkpoint.is_distilled else "official"


class Worker(Subject):
    """Frames come in chunks, converted on the device; text, sound and frames are all made."""

    def __init__(self, engine: Engine, size: ClipSize, steps: int | None) -> None:
        self._model: Final = DiffusersModel(engine.config, lambda _: engine)
        self._size: Final = size
        self._steps: Final = steps
        self._remarks: tuple[str, ...] = ()

    @property
    @override
    def name(self) -> SubjectName:
        return "worker"

    @override
    @contextmanager
    def ready(self) -> Iterator[None]:
        yield

    @override
    def make(self, prompt: str, on_step: Callable[[], None], *, keep: bool) -> Any:
        def report(progress: StageProgress) -> None:
            if progress.stage == "generate":
                on_step()

        wanted = planned(self._size, prompt, self._model.profile(), self._steps)
        wanted = attrs.evolve(wanted, may_halve_chroma=not keep)  # what is compared must be RGB
        with self._model.generate(wanted, GenerationInputs(), JobControl(report=report)) as clip:
            chunks = [np.frombuffer(chunk, dtype=np.uint8).copy() if keep else None for chunk in clip.chunks]
            statistics = clip.statistics()
        self._remarks = (f"weights kept {statistics.memory_policy}", *statistics.warnings)
        if not keep:
            return None
        return np.concatenate([chunk for chunk in chunks if chunk is not None]).reshape(
            self._size.frames, self._size.height, self._size.width, 3
        )

    @override
    def remarks(self) -> tuple[str, ...]:
        return self._remarks
