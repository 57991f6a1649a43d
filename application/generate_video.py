"""The main use case: a request in, a clip in the store."""

import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path

import attrs

from application.job import Job
from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from application.ports.image_fetcher import ImageFetcher
from application.ports.object_store import ObjectHeaders, ObjectStore
from application.ports.target_store import TargetStore
from application.ports.video_model import GenerationInputs, VideoModel
from application.posters import FrameTap, Posters
from application.spans import Spans
from application.stored_objects import describe
from application.workspace import workspace
from domain.clip import ClipStatistics, Picture
from domain.errors import StoragePending
from domain.limits import Limits
from domain.media import OutputFormat
from domain.naming import object_key
from domain.plan import GenerationPlan, longest_clip, plan
from domain.requests import GenerationRequest
from domain.results import (
    ClipPending,
    EncodedVideo,
    GenerationResult,
    StoredObject,
    Timings,
    stage_reports,
)
from domain.sampling import Seed
from domain.version import WORKER_VERSION


def _utc_today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


@attrs.define(kw_only=True)
class GenerateVideo:
    """The one place that knows the order: plan, fetch, settle the text, generate, encode, verify, store, describe.

    What can fail cheaply fails first: the plan is pure, and nothing is fetched for a request that breaks it.
    One instance serves the whole process. `prefix` begins every object key; `work_root` is where the jobs'
    folders are made (None: the system's temporary folder).
    """

    model: VideoModel
    store: ObjectStore
    targets: TargetStore
    fetcher: ImageFetcher
    encoder: Encoder
    limits: Limits
    prefix: str
    work_root: Path | None = None
    today: Callable[[], dt.date] = _utc_today
    _jobs: "itertools.count[int]" = attrs.field(init=False, factory=itertools.count)

    def __call__(self, request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        """Make the clip and store it. Nothing but a whole, verified clip is ever stored.

        Raises:
            ClipPending: the clip is whole, but waits outside of the store.
            WorkerError: any of the tree.
        """
        cold = next(self._jobs) == 0
        spans = Spans(control.clock)
        profile = self.model.profile()
        seed = job.seed_for(request)
        planned = plan(request, profile, self.limits, seed)
        if request.target is not None:
            self.targets.admit(request.target)
        control.check()
        with spans.span("fetch"):
            inputs = self._fetch(request, control)
        with spans.span("text"):
            settled, text_warnings = self._settle(request, inputs, seed, control)
        if settled is not request:
            planned = plan(settled, profile, self.limits, seed)
        with workspace(self.work_root) as folder:
            file = folder / request.file_name.name
            tap = FrameTap(None if request.poster is None else request.poster.frame.within(planned.output.frames))
            video, statistics = self._render(
                planned, inputs, file, control, spans, output_format=request.output_format, tap=tap
            )
            if settled is not request:  # what the text took is inference too
                inference = spans.seconds("text") + statistics.inference_seconds
                statistics = attrs.evolve(statistics, inference_seconds=inference)
            with spans.span("upload"):
                key = object_key(self.prefix, self.today(), job.id, request.file_name)
                stored, pending = self._store(file, key, video, request, control)
                posters = Posters(encoder=self.encoder, store=self.store, targets=self.targets)
                poster, poster_warnings = posters.put(tap, folder, key, request, control)
        result = GenerationResult(
            mode=planned.mode,
            seed=planned.seed,
            preset=planned.preset,
            stages=stage_reports(planned),
            steps=planned.base.schedule.steps,
            guidance=planned.base.video.guidance_scale,
            loras=planned.loras,
            prompt_used=settled.prompt.text if request.enhance_prompt else None,
            output=planned.output,
            canvas=planned.canvas,
            model=profile.identity,
            device=profile.device,
            video=video,
            stored=stored,
            statistics=statistics,
            timings=_timings(spans, statistics),
            cold=cold,
            worker_version=WORKER_VERSION,
            warnings=planned.warnings + text_warnings + statistics.warnings + poster_warnings,
            poster=poster,
        )
        if pending is not None:
            raise ClipPending(pending, result) from pending.__cause__
        return result

    def _settle(
        self, request: GenerationRequest, inputs: GenerationInputs, seed: Seed, control: JobControl
    ) -> tuple[GenerationRequest, tuple[str, ...]]:
        """`request` with what it leaves to the model: a better prompt, the number of frames."""
        warnings: tuple[str, ...] = ()
        if request.enhance_prompt:
            enhanced = self.model.enhance(request.prompt, inputs, seed, control)
            request, warnings = attrs.evolve(request, prompt=enhanced.prompt), enhanced.warnings
        if request.num_frames is None:
            longest = longest_clip(request, self.limits)
            frames = self.model.predict_frames(request.prompt, request.fps, longest, control)
            request = attrs.evolve(request, num_frames=frames)
        return request, warnings

    def _fetch(self, request: GenerationRequest, control: JobControl) -> GenerationInputs:
        """All pictures of the request. The first one that cannot be had ends the job, under its own path."""
        pictures: list[Picture] = []
        if request.pictures:
            control.report(StageProgress("fetch", 0, len(request.pictures)))
        for reference in request.pictures:
            pictures.append(self.fetcher.fetch(reference, control))
            control.report(StageProgress("fetch", len(pictures), len(request.pictures)))
        return GenerationInputs(pictures=tuple(pictures))

    def _render(
        self,
        planned: GenerationPlan,
        inputs: GenerationInputs,
        file: Path,
        control: JobControl,
        spans: Spans,
        *,
        output_format: OutputFormat,
        tap: FrameTap,
    ) -> tuple[EncodedVideo, ClipStatistics]:
        control.report(StageProgress("generate", 0, planned.steps))
        with self.model.generate(planned, inputs, control) as clip:
            has_audio = clip.audio is not None
            with spans.span("encode"):
                self.encoder.encode(tap.watched(clip), file, control, output_format=output_format)
            statistics = clip.statistics()
        with spans.span("encode"):
            video = self.encoder.verify(file, planned.output, audio=has_audio, output_format=output_format)
            return video, statistics

    def _store(
        self, file: Path, key: str, video: EncodedVideo, request: GenerationRequest, control: JobControl
    ) -> tuple[StoredObject, StoragePending | None]:
        """Where the clip is; with the error if it will get there only later."""
        control.check()
        headers = ObjectHeaders(content_type=video.content_type, sha256=video.sha256)
        signed = request.return_signed_url
        if request.target is not None:
            return self.targets.put(file, key, headers, request.target, control, signed=signed), None
        try:
            self.store.put(file, key, headers, control)
        except StoragePending as exc:
            return StoredObject(backend=self.store.backend, bucket=self.store.bucket, path=key), exc
        return describe(self.store, key, signed=signed), None


def _timings(spans: Spans, statistics: ClipStatistics) -> Timings:
    return Timings(
        fetch=spans.seconds("fetch"),
        prepare=statistics.prepare_seconds,
        inference=statistics.inference_seconds,
        decode=statistics.decode_seconds,
        encode=spans.seconds("encode"),
        upload=spans.seconds("upload"),
        total=spans.total(),
    )
