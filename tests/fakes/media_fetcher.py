"""A fetcher of videos and sounds without network and decoder."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import attrs
from typing_extensions import override

from application.job_control import JobControl
from application.ports.media_fetcher import MediaFetcher
from domain.clip import Audio
from domain.errors import Fault, InputRefused, InputUnavailable, InputUnreadable
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

MediaFault = type[InputRefused] | type[InputUnavailable] | type[InputUnreadable]
Colour = tuple[int, int, int]


@attrs.frozen(kw_only=True)
class FakeMedia:
    """What a file holds: one colour a frame, and the samples of each channel, which begin at `sound_start`."""

    colours: tuple[Colour, ...] = ()
    rate: Fraction = Fraction(24)
    size: Resolution = Resolution(64, 48)
    channels: tuple[tuple[float, ...], ...] = ()
    sampling_rate: int = 48_000
    sound_start: Fraction = Fraction(0)


class FakeMediaFetcher(MediaFetcher):
    """Hands out `media` by the URL or the key of a reference.

    A file of the text's bytes is put into the folder, so that a test sees whether it is cleared. Frames have one
    colour, whatever their size; one chunk holds two of them at most. Sound at another rate takes the nearest sample;
    channels are joined by their mean. `faults` come first, as in the fake of pictures; a text in neither is a host
    that does not deliver. `fetched` lists every reference that was asked for.
    """

    def __init__(
        self, media: Mapping[str, FakeMedia] | None = None, faults: Mapping[str, MediaFault] | None = None
    ) -> None:
        self.media = dict(media or {})
        self.faults = dict(faults or {})
        self.fetched: list[VideoReference | AudioReference] = []

    @override
    def video(self, reference: VideoReference, folder: Path, control: JobControl) -> SourceVideo:
        found = self._found(reference, control)
        if not found.colours:
            raise _fault(InputUnreadable, reference.path)
        file = self._file(reference, folder)
        return SourceVideo(
            media=file,
            rate=found.rate,
            is_constant=True,
            size=found.size,
            frames=len(found.colours),
            duration=len(found.colours) / found.rate,
            audio=_sound(file, found, found.sound_start) if found.channels else None,
        )

    @override
    def audio(self, reference: AudioReference, folder: Path, control: JobControl) -> SourceAudio:
        found = self._found(reference, control)
        if not found.channels:
            raise _fault(InputUnreadable, reference.path)
        return _sound(self._file(reference, folder), found, Fraction(0))

    @override
    def frames(self, video: SourceVideo, window: FrameWindow, control: JobControl) -> Iterator[memoryview]:
        found = self._read(video.media)
        last = len(found.colours) - 1
        indices = [int((window.start + i / window.rate) * found.rate) for i in range(window.frames)]
        for first in range(0, window.frames, 2):
            control.check()
            colours = (found.colours[min(index, last)] for index in indices[first : first + 2])
            yield memoryview(b"".join(bytes(colour) * window.size.pixels for colour in colours))

    @override
    def samples(self, audio: SourceAudio, window: SampleWindow, control: JobControl) -> Audio:
        control.check()
        found = self._read(audio.media)
        begin = (window.start - audio.start) * audio.rate
        indices = [round(begin + Fraction(i * audio.rate, window.rate)) for i in range(window.samples)]
        channels = [[channel[i] if 0 <= i < len(channel) else 0.0 for i in indices] for channel in found.channels]
        if len(channels) != window.channels:
            mean = [sum(values) / len(values) for values in zip(*channels, strict=True)]
            channels = [mean] * window.channels
        flat = memoryview(bytearray(4 * window.channels * window.samples)).cast("f")
        for at, value in enumerate(value for channel in channels for value in channel):
            flat[at] = value
        return Audio(window.rate, window.channels, flat)

    def _found(self, reference: VideoReference | AudioReference, control: JobControl) -> FakeMedia:
        control.check()
        self.fetched.append(reference)
        text = _text(reference)
        fault = self.faults.get(text)
        if fault is not None or text not in self.media:
            raise _fault(fault or InputUnavailable, reference.path)
        return self.media[text]

    def _file(self, reference: VideoReference | AudioReference, folder: Path) -> MediaFile:
        file = folder / f"input-{len(self.fetched)}"
        file.write_text(_text(reference), encoding="utf-8")
        return MediaFile(file, reference.path, Fraction(0))

    def _read(self, media: MediaFile) -> FakeMedia:
        return self.media[media.file.read_text(encoding="utf-8")]


def _sound(file: MediaFile, found: FakeMedia, start: Fraction) -> SourceAudio:
    return SourceAudio(
        media=file,
        rate=found.sampling_rate,
        channels=len(found.channels),
        start=start,
        samples=len(found.channels[0]),
    )


def _text(reference: VideoReference | AudioReference) -> str:
    match reference:
        case VideoUrl(url) | AudioUrl(url):
            return url
        case StoredVideo(stored) | StoredAudio(stored):
            return stored.key


def _fault(error: MediaFault, path: str) -> InputRefused | InputUnavailable | InputUnreadable:
    detail = Fault(path, "is made to fail")
    return error(str(detail), faults=(detail,))
