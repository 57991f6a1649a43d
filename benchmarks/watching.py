"""Model, encoder and store of a worker, with their working time noted.

A stretch belongs to whoever really works: the encoder does not while it waits for the model's next frames, nor the
model while its frames wait to be taken. What is left of a job's time is the worker's own.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs
from typing_extensions import override

from application.job_control import JobControl
from application.ports.encoder import Encoder
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from application.ports.video_model import GenerationInputs, VideoModel
from benchmarks.intervals import Intervals
from domain.clip import Clip, Still
from domain.geometry import ClipGeometry
from domain.media import MP4, OutputFormat
from domain.plan import GenerationPlan
from domain.profile import ModelProfile
from domain.results import EncodedPicture, EncodedVideo
from tests.support.card_model import CardModel

MODEL: Final = "model"
ENCODER: Final = "encoder"
STORE: Final = "store"
VERIFIER: Final = "verifier"
"""The encoder, reading back what it has written."""


class WatchedModel(CardModel):
    """Notes the way to the first frame, and each chunk that is asked for."""

    __slots__ = ("_intervals",)

    def __init__(self, model: VideoModel, intervals: Intervals) -> None:
        super().__init__(model)
        self._intervals = intervals

    @override
    def profile(self) -> ModelProfile:
        with self._intervals.working(MODEL):
            return super().profile()

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        with ExitStack() as job:
            with self._intervals.working(MODEL):
                clip = job.enter_context(super().generate(plan, inputs, control))
            yield attrs.evolve(clip, chunks=self._chunks(clip.chunks))
            with self._intervals.working(MODEL):
                job.close()

    def _chunks(self, chunks: Iterator[memoryview]) -> Iterator[memoryview]:
        while True:
            with self._intervals.working(MODEL):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk


class WatchedEncoder(Encoder):
    """Notes encoding, but for the waits for chunks, and reading back."""

    __slots__ = ("_encoder", "_intervals")

    def __init__(self, encoder: Encoder, intervals: Intervals) -> None:
        self._encoder = encoder
        self._intervals = intervals

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        busy = _Busy(self._intervals)
        watched = attrs.evolve(clip, chunks=busy.while_taking(clip.chunks))
        try:
            self._encoder.encode(watched, target, control, output_format=output_format)
        finally:
            busy.pause()

    @override
    def verify(
        self, target: Path, geometry: ClipGeometry, *, audio: bool, output_format: OutputFormat = MP4
    ) -> EncodedVideo:
        with self._intervals.working(VERIFIER):
            return self._encoder.verify(target, geometry, audio=audio, output_format=output_format)

    @override
    def encode_still(self, still: Still, target: Path) -> EncodedPicture:
        with self._intervals.working(ENCODER):
            return self._encoder.encode_still(still, target)

    @override
    def check(self) -> None:
        self._encoder.check()


class _Busy:
    """The encoder's own time, from construction to `pause`."""

    def __init__(self, intervals: Intervals) -> None:
        self._intervals = intervals
        self._begin = intervals.clock()

    def pause(self) -> None:
        self._intervals.note(ENCODER, self._begin, self._intervals.clock())

    def while_taking(self, chunks: Iterator[memoryview]) -> Iterator[memoryview]:
        """`chunks`, for which the encoder only waits."""
        while True:
            self.pause()
            try:
                chunk = next(chunks, None)
            finally:
                self._begin = self._intervals.clock()
            if chunk is None:
                return
            yield chunk


class WatchedStore(ObjectStore):
    """Notes every call."""

    __slots__ = ("_intervals", "_store")

    def __init__(self, store: ObjectStore, intervals: Intervals) -> None:
        self._store = store
        self._intervals = intervals

    @property
    @override
    def backend(self) -> str:
        return self._store.backend

    @property
    @override
    def bucket(self) -> str:
        return self._store.bucket

    @property
    @override
    def is_public(self) -> bool:
        return self._store.is_public

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        with self._intervals.working(STORE):
            self._store.put(source, key, headers, control)

    @override
    def read(self, key: str, limit: int) -> bytes:
        with self._intervals.working(STORE):
            return self._store.read(key, limit)

    @override
    def stat(self, key: str) -> ObjectStat:
        with self._intervals.working(STORE):
            return self._store.stat(key)

    @override
    def url(self, key: str) -> ObjectUrl:
        with self._intervals.working(STORE):
            return self._store.url(key)

    @override
    def delete(self, key: str) -> None:
        with self._intervals.working(STORE):
            self._store.delete(key)

    @override
    def check(self) -> None:
        self._store.check()
