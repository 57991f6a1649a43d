"""A model and a store that take a set time, so that what is measured is how the worker arranges its work.

Both sleep: a GPU that computes and a network that carries take no time of the CPU either, which is the encoder's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.synthetic import SyntheticModel
from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders, ObjectStore
from application.ports.video_model import GenerationInputs
from benchmarks.footage import Frames
from benchmarks.intervals import Intervals
from benchmarks.watching import WatchedStore
from domain.clip import Clip
from domain.plan import GenerationPlan
from tests.support.card_model import CardModel

_CHUNK_FRAMES: Final = 8
_CLIPS: Final = "video/"


@attrs.frozen(kw_only=True)
class Pace:
    """Seconds: of all denoising steps together, and of all of a clip's chunks together.

    `whole`: every chunk is made when the first one is asked for, as a VAE does that decodes a clip at once.
    """

    denoise: float
    decode: float
    whole: bool = False


class PacedModel(CardModel):
    """Takes the device as the test card does, and shows `frames` in its place: pictures that are there already."""

    __slots__ = ("_frames", "denoised_at", "pace")

    def __init__(self, frames: Frames, pace: Pace) -> None:
        """`frames` are those of every clip that is asked for."""
        super().__init__(SyntheticModel(ModelConfig()))
        self._frames = frames
        self.pace = pace
        self.denoised_at = 0.0
        """Reading of `time.perf_counter` when the last step of the last clip had ended."""

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        def report(event: StageProgress) -> None:
            if event.stage == "generate" and event.total:
                time.sleep(self.pace.denoise / event.total)
                self.denoised_at = time.perf_counter()
            control.report(event)

        with super().generate(plan, inputs, attrs.evolve(control, report=report)) as clip:
            yield attrs.evolve(clip, chunks=self._paced(clip.geometry.frames))

    def _paced(self, frames: int) -> Iterator[memoryview]:
        """Own pictures, each chunk at its time; a chunk that waits to be taken delays those behind it."""
        if self.pace.whole:
            time.sleep(self.pace.decode)
        for start in range(0, frames, _CHUNK_FRAMES):
            chunk = self._frames[start : start + _CHUNK_FRAMES]
            if not self.pace.whole:
                time.sleep(self.pace.decode * len(chunk) / frames)
            yield chunk.reshape(-1).data


class SlowStore(WatchedStore):
    """Takes `seconds` for each clip; records and look-ups are as fast as the store behind it."""

    __slots__ = ("_seconds",)

    def __init__(self, store: ObjectStore, intervals: Intervals, seconds: float) -> None:
        super().__init__(store, intervals)
        self._seconds = seconds

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        if headers.content_type.startswith(_CLIPS):
            time.sleep(self._seconds)
        super().put(source, key, headers, control)
