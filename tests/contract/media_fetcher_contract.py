"""What every MediaFetcher does. A subclass brings the fetcher and references that show each case."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import attrs
import pytest

from application.job_control import JobControl
from application.ports.media_fetcher import MediaFetcher
from domain.errors import (
    Cancelled,
    DeadlineExceeded,
    InputRefused,
    InputUnavailable,
    InputUnreadable,
    WorkerError,
)
from domain.geometry import Resolution
from domain.source_media import AudioReference, FrameWindow, SampleWindow, VideoReference

FIELD = "batch[2].video_url"
"""The references' `path`: not the default one, so that a message that has it got it from the reference."""
SIZE = Resolution(64, 48)
RATE = Fraction(25)
GREYS = (40, 60, 80, 100, 120, 140, 160, 180, 200, 220)
"""The good video: frames of one grey each."""
SOUND_RATE = 48_000
LEFT = tuple(round((i % 50) / 100 * 32_768) / 32_768 for i in range(19_200))
RIGHT = tuple(-value for value in LEFT)
"""Its sound, of just its length, exact in 16 bits."""


class MediaFetcherContract(ABC):
    """Each reference's path is FIELD."""

    @abstractmethod
    def fetcher(self) -> MediaFetcher:
        """The fetcher under test; called within the test."""

    @abstractmethod
    def good(self) -> VideoReference:
        """Refers to the good video."""

    @abstractmethod
    def good_audio(self) -> AudioReference:
        """Refers to the good video, for its sound."""

    @abstractmethod
    def silent(self) -> VideoReference:
        """Refers to the good video without its sound."""

    @abstractmethod
    def silent_audio(self) -> AudioReference:
        """Refers to a video without sound, for its sound."""

    @abstractmethod
    def sound_alone(self) -> VideoReference:
        """Refers to a sound, for its pictures."""

    @abstractmethod
    def refused(self) -> VideoReference:
        """Refers to something forbidden."""

    @abstractmethod
    def unreadable(self) -> VideoReference:
        """Refers to something that is no whole video."""

    @abstractmethod
    def unavailable(self) -> VideoReference:
        """Refers to something that its host does not deliver."""

    def test_a_video_is_what_it_is(self, tmp_path: Path) -> None:
        video = self.fetcher().video(self.good(), tmp_path, JobControl())
        assert (video.rate, video.is_constant, video.size) == (RATE, True, SIZE)
        assert (video.frames, video.duration) == (len(GREYS), len(GREYS) / RATE)
        assert video.media.path == FIELD
        assert list(tmp_path.iterdir()) == [video.media.file]
        assert video.audio is not None
        assert (video.audio.rate, video.audio.channels, video.audio.start) == (SOUND_RATE, 2, Fraction(0))
        assert video.audio.samples == len(LEFT)

    def test_a_video_may_have_no_sound(self, tmp_path: Path) -> None:
        assert self.fetcher().video(self.silent(), tmp_path, JobControl()).audio is None

    def test_a_sound_is_what_it_is(self, tmp_path: Path) -> None:
        audio = self.fetcher().audio(self.good_audio(), tmp_path, JobControl())
        assert (audio.rate, audio.channels, audio.start, audio.samples) == (SOUND_RATE, 2, Fraction(0), len(LEFT))
        assert audio.duration == Fraction(2, 5)

    @pytest.mark.parametrize(("first", "count"), [(0, 10), (0, 1), (3, 4), (9, 1)])
    def test_frames_of_its_own_come_once_and_in_order(self, tmp_path: Path, first: int, count: int) -> None:
        fetcher = self.fetcher()
        video = fetcher.video(self.good(), tmp_path, JobControl())
        assert self._greys(fetcher.frames(video, video.window(first, count), JobControl()), SIZE) == list(
            GREYS[first : first + count]
        )

    @pytest.mark.parametrize("size", [Resolution(64, 48), Resolution(32, 32), Resolution(100, 20)])
    def test_another_rate_takes_the_latest_frame_and_the_last_one_stays(self, tmp_path: Path, size: Resolution) -> None:
        fetcher = self.fetcher()
        video = fetcher.video(self.good(), tmp_path, JobControl())
        window = FrameWindow(start=Fraction(1, 50), frames=7, rate=Fraction(20), size=size)
        greys = self._greys(fetcher.frames(video, window, JobControl()), size)
        assert greys == [GREYS[min(9, int((0.02 + i / 20) * 25 + 1e-9))] for i in range(7)]
        beyond = attrs.evolve(window, start=Fraction(9, 25), rate=RATE)
        assert self._greys(fetcher.frames(video, beyond, JobControl()), size) == [GREYS[9]] * 7

    def test_chunks_are_whole_frames_and_the_callers_to_keep(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        video = fetcher.video(self.good(), tmp_path, JobControl())
        kept = list(fetcher.frames(video, video.window(0, 10), JobControl()))
        for chunk in kept:
            assert chunk.format == "B"
            assert chunk.c_contiguous
            assert len(chunk) % (SIZE.pixels * 3) == 0
        assert self._greys(iter(kept), SIZE) == list(GREYS)

    def test_samples_are_those_of_the_file(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        video = fetcher.video(self.good(), tmp_path, JobControl())
        assert video.audio is not None
        window = SampleWindow(start=Fraction(1, 10), samples=5_000, rate=SOUND_RATE, channels=2)
        sound = fetcher.samples(video.audio, window, JobControl())
        assert (sound.sampling_rate, sound.channels, sound.length) == (SOUND_RATE, 2, 5_000)
        assert sound.samples.tolist() == [*LEFT[4_800:9_800], *RIGHT[4_800:9_800]]

    def test_silence_stands_on_either_side_of_the_sound(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        audio = fetcher.audio(self.good_audio(), tmp_path, JobControl())
        before = SampleWindow(start=Fraction(-1, 100), samples=500, rate=SOUND_RATE, channels=2)
        assert fetcher.samples(audio, before, JobControl()).samples.tolist()[:500] == [*[0.0] * 480, *LEFT[:20]]
        after = SampleWindow(start=Fraction(2, 5), samples=9, rate=SOUND_RATE, channels=2)
        assert fetcher.samples(audio, after, JobControl()).samples.tolist() == [0.0] * 18

    def test_two_channels_become_their_mean(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        audio = fetcher.audio(self.good_audio(), tmp_path, JobControl())
        window = SampleWindow(start=Fraction(0), samples=100, rate=SOUND_RATE, channels=1)
        assert fetcher.samples(audio, window, JobControl()).samples.tolist() == [0.0] * 100

    def test_what_is_missing_in_the_file_is_unreadable(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        with pytest.raises(InputUnreadable) as no_picture:
            fetcher.video(self.sound_alone(), tmp_path, JobControl())
        with pytest.raises(InputUnreadable) as no_sound:
            fetcher.audio(self.silent_audio(), tmp_path, JobControl())
        for caught in (no_picture, no_sound):
            assert [fault.path for fault in caught.value.faults] == [FIELD]
        assert list(tmp_path.iterdir()) == []

    def test_what_is_forbidden_is_refused(self, tmp_path: Path) -> None:
        self._fails_with(InputRefused, self.refused(), tmp_path)

    def test_what_is_no_video_is_unreadable(self, tmp_path: Path) -> None:
        self._fails_with(InputUnreadable, self.unreadable(), tmp_path)

    def test_what_is_not_delivered_is_unavailable(self, tmp_path: Path) -> None:
        self._fails_with(InputUnavailable, self.unavailable(), tmp_path)

    def test_a_job_that_may_not_go_on_gets_nothing(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        late = JobControl(deadline=10.0, clock=lambda: 10.0)
        with pytest.raises(DeadlineExceeded):
            fetcher.video(self.good(), tmp_path, late)
        assert list(tmp_path.iterdir()) == []
        video = fetcher.video(self.good(), tmp_path, JobControl())
        assert video.audio is not None
        stopped = JobControl(is_cancelled=lambda: True)
        with pytest.raises(Cancelled):
            list(fetcher.frames(video, video.window(0, 1), stopped))
        window = SampleWindow(start=Fraction(0), samples=1, rate=SOUND_RATE, channels=2)
        with pytest.raises(Cancelled):
            fetcher.samples(video.audio, window, stopped)

    def _fails_with(self, error: type[WorkerError], reference: VideoReference, folder: Path) -> None:
        fetcher = self.fetcher()
        with pytest.raises(error) as caught:
            fetcher.video(reference, folder, JobControl())
        assert type(caught.value) is error
        assert caught.value.message.startswith(f"{FIELD} ")
        assert [fault.path for fault in caught.value.faults] == [FIELD]
        assert list(folder.iterdir()) == []
        assert fetcher.video(self.good(), folder, JobControl()).frames == len(GREYS)

    def _greys(self, chunks: Iterator[memoryview], size: Resolution) -> list[int]:
        """The grey of each frame, which must be the same in all of it."""
        data = b"".join(chunks)
        frames = [data[start : start + size.pixels * 3] for start in range(0, len(data), size.pixels * 3)]
        assert all(len(set(frame)) == 1 for frame in frames)
        assert len(data) == len(frames) * size.pixels * 3
        return [frame[0] for frame in frames]
