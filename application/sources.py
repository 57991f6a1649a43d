"""What a job begins with: fetched, looked at, and read for the model as far as the plan wants it."""

from pathlib import Path

import attrs

from application.job_control import JobControl, StageProgress
from application.ports.image_fetcher import ImageFetcher
from application.ports.media_fetcher import MediaFetcher
from application.ports.video_model import GenerationInputs
from domain.clip import Audio, FrameSequence, Picture
from domain.conditions import ClipCondition
from domain.plan import GenerationPlan
from domain.requests import GenerationRequest
from domain.sound import HEARD_RATE
from domain.source_media import (
    AudioUrl,
    FrameWindow,
    SampleWindow,
    Source,
    SourceAudio,
    SourceVideo,
    StoredAudio,
    sound_of,
)


@attrs.frozen(kw_only=True)
class Sources:
    """Reads a job's inputs. Everything may raise what the two fetchers raise."""

    fetcher: ImageFetcher
    media: MediaFetcher

    def source(self, request: GenerationRequest, folder: Path, control: JobControl) -> Source | None:
        """The clip or the sound that `request` begins with, as a file in `folder`; None: with none."""
        match request.source:
            case None:
                return None
            case AudioUrl() | StoredAudio() as sound:
                return self.media.audio(sound, folder, control)
            case video:
                return self.media.video(video, folder, control)

    def pictures(self, request: GenerationRequest, control: JobControl) -> tuple[Picture, ...]:
        """All pictures of the request. The first one that cannot be had ends the job, under its own path."""
        pictures: list[Picture] = []
        if request.pictures:
            control.report(StageProgress("fetch", 0, len(request.pictures)))
        for reference in request.pictures:
            pictures.append(self.fetcher.fetch(reference, control))
            control.report(StageProgress("fetch", len(pictures), len(request.pictures)))
        return tuple(pictures)

    def inputs(
        self, planned: GenerationPlan, source: Source | None, pictures: tuple[Picture, ...], control: JobControl
    ) -> GenerationInputs:
        """What the model is given for `planned`: its frames of the source are decoded, and its sound."""
        if source is None:
            return GenerationInputs(pictures=pictures)
        sound = self._heard(planned, source, control)
        if isinstance(source, SourceAudio):
            return GenerationInputs(pictures=pictures, sound=sound)
        clips = tuple(self._clip(planned, clip, source, control) for clip in planned.clips)
        return GenerationInputs(pictures=pictures, clips=clips, sound=sound)

    def _clip(
        self, planned: GenerationPlan, clip: ClipCondition, source: SourceVideo, control: JobControl
    ) -> FrameSequence:
        chunks = self.media.frames(source, source_window(planned, clip.first, clip.frames), control)
        return FrameSequence(resolution=planned.output.resolution, frames=clip.frames, chunks=tuple(chunks))

    def _heard(self, planned: GenerationPlan, source: Source, control: JobControl) -> Audio | None:
        audio = sound_of(source)
        if planned.sound is None or audio is None:
            return None
        samples = planned.canvas.samples(HEARD_RATE)
        window = SampleWindow(start=planned.sound.start, samples=samples, rate=HEARD_RATE, channels=2)
        return self.media.samples(audio, window, control)


def source_window(planned: GenerationPlan, first: int, frames: int) -> FrameWindow:
    """`frames` of the source from `first` on, in the rate that is generated and in the size of the clip."""
    rate = planned.canvas.frame_rate.rate
    return FrameWindow(start=first / rate, frames=frames, rate=rate, size=planned.output.resolution)
