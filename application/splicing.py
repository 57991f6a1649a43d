"""What the model made, put between the frames and the sound of its source."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import attrs

from application.job_control import JobControl
from application.ports.media_fetcher import MediaFetcher
from application.sound_joint import joined, silence
from application.sources import source_window
from domain.clip import Audio, Clip
from domain.plan import GenerationPlan
from domain.sound import file_rate
from domain.source_media import SampleWindow, Source, SourceAudio, SourceVideo, sound_of
from domain.stretch import Stretch

_STEREO: Final = 2


@attrs.frozen(kw_only=True)
class Splicing:
    """Gives a clip the frames and the sound of its source that the plan wants in it."""

    media: MediaFetcher

    def spliced(self, clip: Clip, planned: GenerationPlan, source: Source | None, control: JobControl) -> Clip:
        """The model's `clip` with the plan's soundtrack, between the frames of `source` that are kept.

        Its chunks raise what those of `clip` raise, and what reading the source raises.
        """
        stretch = planned.stretch
        if stretch is not None and isinstance(source, SourceVideo):
            geometry = attrs.evolve(clip.geometry, frames=stretch.finished)
            chunks = self._frames(clip, stretch, planned, source, control)
            clip = attrs.evolve(clip, geometry=geometry, chunks=chunks)
        return attrs.evolve(clip, audio=self._sound(clip, planned, source, control))

    def _frames(
        self, clip: Clip, stretch: Stretch, planned: GenerationPlan, source: SourceVideo, control: JobControl
    ) -> Iterator[memoryview]:
        def kept(first: int, frames: int) -> Iterator[memoryview]:
            if frames:
                yield from self.media.frames(source, source_window(planned, first, frames), control)

        if stretch.is_seen:
            yield from kept(0, stretch.before)
            yield from _part(clip, stretch.lead, stretch.made)
            yield from kept(stretch.resume, stretch.after_frames)
        else:
            yield from _part(clip, 0, 0)
            yield from kept(0, stretch.source_frames)

    def _sound(self, clip: Clip, planned: GenerationPlan, source: Source | None, control: JobControl) -> Audio | None:
        if planned.soundtrack == "none":
            return None
        if planned.soundtrack == "made" or source is None:
            return clip.audio
        audio, stretch = sound_of(source), planned.stretch
        if audio is None:
            given = None if clip.audio is None else silence(clip.geometry, clip.audio.sampling_rate)
        else:
            given = self._given(clip, audio, stretch, control)
        if planned.soundtrack == "given" or given is None or clip.audio is None or stretch is None:
            return given
        return joined(given, clip.audio, stretch, clip.geometry.frame_rate)

    def _given(self, clip: Clip, audio: SourceAudio, stretch: Stretch | None, control: JobControl) -> Audio:
        """The source's sound for as long as the finished clip is, silence before and after it."""
        start = Fraction(0) if stretch is None else stretch.source_start(clip.geometry.frame_rate.rate)
        rate = file_rate(audio.rate)
        samples = max(1, clip.geometry.samples(rate))
        window = SampleWindow(start=start, samples=samples, rate=rate, channels=_STEREO)
        return self.media.samples(audio, window, control)


def _part(clip: Clip, first: int, frames: int) -> Iterator[memoryview]:
    """`frames` of `clip` from `first` on; the others are taken too, as the model counts on it."""
    begin = first * clip.frame_bytes
    end = begin + frames * clip.frame_bytes
    for chunk in clip.chunks:
        wanted = chunk.cast("B")[max(begin, 0) : max(end, 0)]
        if wanted.nbytes:
            yield wanted
        begin -= chunk.nbytes
        end -= chunk.nbytes
