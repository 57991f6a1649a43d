"""The main use case: a request in, a clip in the store."""

import datetime as dt
import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import attrs

from application.job import Job
from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from application.ports.image_fetcher import ImageFetcher
from application.ports.interpolator import Interpolator
from application.ports.media_fetcher import MediaFetcher
from application.ports.object_store import ObjectHeaders, ObjectStore
from application.ports.target_store import TargetStore
from application.ports.video_model import VideoModel
from application.posters import FrameTap, Posters
from application.relay import Relay
from application.settling import Settled, Settling
from application.sources import Sources
from application.spans import Spans
from application.splicing import Splicing
from application.stored_objects import describe
from application.workspace import workspace
from domain.clip import Clip, ClipStatistics
from domain.errors import StoragePending
from domain.interpolation import interpolation_for
from domain.limits import Limits
from domain.media import OutputFormat
from domain.naming import object_key
from domain.requests import GenerationRequest
from domain.results import (
    ClipPending,
    EncodedVideo,
    GenerationResult,
    StoredObject,
    Timings,
    stage_reports,
)
from domain.version import WORKER_VERSION


def _utc_today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


@attrs.define(kw_only=True)
class GenerateVideo:
    """The one place that knows the order: plan, fetch, settle the text, generate, encode, verify, store, describe.

    What can fail cheaply fails first: the plan is pure, and nothing is fetched for a request that breaks it.
    One instance serves the whole process, and several jobs at once. `prefix` begins every object key; `work_root` is
    where the jobs' folders are made (None: the system's temporary folder). `spare_bytes`: of finished frames that may
    wait for the encoder, so that it does not keep the device (see ChunkRing).
    """

    model: VideoModel
    store: ObjectStore
    targets: TargetStore
    fetcher: ImageFetcher
    media: MediaFetcher
    interpolator: Interpolator
    encoder: Encoder
    limits: Limits
    prefix: str
    work_root: Path | None = None
    spare_bytes: int = 0
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
        settling = Settling(
            model=self.model,
            sources=Sources(fetcher=self.fetcher, media=self.media),
            profile=profile,
            limits=self.limits,
            seed=seed,
            control=control,
            spans=spans,
        )
        settling.refuse(request)
        if request.target is not None:
            self.targets.admit(request.target)
        control.check()
        with workspace(self.work_root) as folder:
            settled = settling.settled(request, folder)
            planned = settled.planned
            file = folder / request.file_name.name
            tap = FrameTap(None if request.poster is None else request.poster.frame.within(planned.finished.frames))
            video, statistics = self._render(
                settled, file, control, spans, output_format=request.output_format, tap=tap
            )
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
            prompt_used=settled.request.prompt.text if request.enhance_prompt else None,
            interpolation=interpolation_for(request, profile.checkpoint),
            upscale=None if request.upscale is None else request.upscale.factor,
            motion_speed=planned.motion_speed.factor,
            output=planned.finished,
            canvas=planned.canvas,
            model=profile.identity,
            device=profile.device,
            video=video,
            stored=stored,
            statistics=statistics,
            timings=_timings(spans, statistics),
            cold=cold,
            worker_version=WORKER_VERSION,
            warnings=planned.warnings + settled.warnings + statistics.warnings + poster_warnings,
            poster=poster,
        )
        if pending is not None:
            raise ClipPending(pending, result) from pending.__cause__
        return result

    def _render(
        self,
        settled: Settled,
        file: Path,
        control: JobControl,
        spans: Spans,
        *,
        output_format: OutputFormat,
        tap: FrameTap,
    ) -> tuple[EncodedVideo, ClipStatistics]:
        planned = settled.planned

        def encode(made: Clip, control: JobControl) -> bool:
            spliced = Splicing(media=self.media).spliced(made, planned, settled.source, control)
            with spans.span("encode"), self._interpolated(spliced, planned.interpolation, control) as clip:
                self.encoder.encode(tap.watched(clip), file, control, output_format=output_format)
            return spliced.audio is not None

        control.report(StageProgress("generate", 0, planned.steps))
        with Relay(encode, control, spare_bytes=self.spare_bytes) as relay:
            with self.model.generate(planned, settled.inputs, control) as made:
                relay.feed(made)
                statistics = made.statistics()
            has_audio = relay.result()  # the device is free; the encoder may have frames left
        with spans.span("encode"):
            video = self.encoder.verify(file, planned.finished, audio=has_audio, output_format=output_format)
        inference = spans.seconds("text") + statistics.inference_seconds  # what the text took is inference too
        return video, attrs.evolve(statistics, inference_seconds=inference)

    def _interpolated(self, clip: Clip, factor: int, control: JobControl) -> AbstractContextManager[Clip]:
        return nullcontext(clip) if factor == 1 else self.interpolator.interpolated(clip, factor, control)

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
