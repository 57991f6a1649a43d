"""The MediaFetcher of production."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final, assert_never

import attrs
from typing_extensions import override

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.http.faults import at_field
from adapters.http.files import write_new
from adapters.http.stored import NO_PREFIX, StoredInputs
from adapters.media.config import MediaLimits
from adapters.media.info import AudioStream, VideoStream
from adapters.media.orders import FrameOrder, SoundOrder
from adapters.media.reader import MediaReader, media_sandbox
from application.job_control import JobControl
from application.ports.media_fetcher import MediaFetcher
from domain.clip import Audio
from domain.errors import InputRefused, InputUnreadable
from domain.geometry import Resolution
from domain.source_media import (
    AudioReference,
    AudioUrl,
    FrameWindow,
    MediaFile,
    SampleWindow,
    SourceAudio,
    SourceVideo,
    StoredAudio,
    StoredVideo,
    VideoReference,
    VideoUrl,
)

_SIDEWAYS: Final = frozenset({90, 270})


@attrs.frozen(kw_only=True, eq=False)
class ConfinedMediaFetcher(MediaFetcher):
    """Downloads through the guard, or reads from the store, to a file; a confined child decodes it piece by piece.

    `stored` None: nothing is taken from the store. `seconds` bounds a download as a whole: 200 MiB at 14 Mbit/s.
    """

    client: GuardedClient
    reader: MediaReader
    stored: StoredInputs | None = None
    seconds: float = 120.0

    @override
    def video(self, reference: VideoReference, folder: Path, control: JobControl) -> SourceVideo:
        with self._fetched(reference, folder, control) as file:
            info = self.reader.probe(file, reference.path, control)
            if info.video is None:
                raise at_field(InputUnreadable, reference.path, "has no pictures")
            media = MediaFile(file, reference.path, info.video.start)
            audio = None if info.audio is None else self._audio(media, info.audio, control)
            return _source_video(media, info.video, audio)

    @override
    def audio(self, reference: AudioReference, folder: Path, control: JobControl) -> SourceAudio:
        with self._fetched(reference, folder, control) as file:
            info = self.reader.probe(file, reference.path, control)
            if info.audio is None:
                raise at_field(InputUnreadable, reference.path, "has no sound")
            return self._audio(MediaFile(file, reference.path, Fraction(0)), info.audio, control, is_alone=True)

    @override
    def frames(self, video: SourceVideo, window: FrameWindow, control: JobControl) -> Iterator[memoryview]:
        media, size = video.media, window.size
        piece = self.reader.frames_per_piece(size.pixels * 3)
        for first in range(0, window.frames, piece):
            order = FrameOrder(
                origin=media.origin,
                start=window.start + first / window.rate,
                rate=window.rate,
                frames=min(piece, window.frames - first),
                width=size.width,
                height=size.height,
            )
            yield self.reader.frames(media.file, media.path, order, control)

    @override
    def samples(self, audio: SourceAudio, window: SampleWindow, control: JobControl) -> Audio:
        media = audio.media
        order = SoundOrder(
            origin=media.origin,
            start=window.start,
            samples=window.samples,
            rate=window.rate,
            channels=window.channels,
        )
        samples = self.reader.sound(media.file, media.path, order, control)
        return Audio(sampling_rate=window.rate, channels=window.channels, samples=samples)

    def _audio(
        self, media: MediaFile, claimed: AudioStream, control: JobControl, *, is_alone: bool = False
    ) -> SourceAudio:
        extent = self.reader.measure(media.file, media.path, control)
        if is_alone:
            media = attrs.evolve(media, origin=extent.start)
        return SourceAudio(
            media=media,
            rate=claimed.rate,
            channels=claimed.channels,
            start=extent.start - media.origin,
            samples=extent.samples,
        )

    @contextmanager
    def _fetched(self, reference: VideoReference | AudioReference, folder: Path, control: JobControl) -> Iterator[Path]:
        """The file, removed again if what is done with it fails."""
        target = folder / f"input-{secrets.token_hex(8)}"
        try:
            self._fetch(reference, target, control)
            yield target
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _fetch(self, reference: VideoReference | AudioReference, target: Path, control: JobControl) -> None:
        limit = self.reader.limits.max_bytes
        control.check()
        match reference:
            case VideoUrl(url, path) | AudioUrl(url, path):
                self.client.download(url, target, path=path, max_bytes=limit, seconds=self.seconds, control=control)
            case StoredVideo() | StoredAudio():
                if self.stored is None:
                    raise at_field(InputRefused, reference.path, NO_PREFIX)
                write_new(target, iter((self.stored.read(reference, limit),)))  # whole in memory: stores give it so
            case _ as never:
                assert_never(never)


def _source_video(media: MediaFile, found: VideoStream, audio: SourceAudio | None) -> SourceVideo:
    width, height = max(1, round(found.width * found.pixel_aspect)), found.height
    if found.rotation in _SIDEWAYS:
        width, height = height, width
    return SourceVideo(
        media=media,
        rate=found.rate,
        is_constant=found.is_constant,
        size=Resolution(width, height),
        frames=max(1, round(found.duration * found.rate)),
        duration=found.duration,
        audio=audio,
    )


def confined_media_fetcher(
    config: HttpConfig, hosts: AllowedHosts, stored: StoredInputs | None
) -> ConfinedMediaFetcher:
    """With a child of its own, which has not started yet."""
    limits = MediaLimits()
    return ConfinedMediaFetcher(
        client=GuardedClient(config=config, hosts=hosts),
        reader=MediaReader(media_sandbox(limits), limits),
        stored=stored,
    )
