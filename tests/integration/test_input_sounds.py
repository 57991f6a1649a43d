"""Sounds through the fetcher and its confined child: the samples of the file, in their place."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt
import pytest

from adapters.media.reader import MediaReader
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnreadable, OverLimit
from domain.source_media import AudioUrl, SampleWindow, SourceAudio, VideoUrl
from tests.support.coded_clips import Samples, coded, flat, noise, only_sound
from tests.support.http_server import Reply, serving
from tests.support.media_fetchers import fetcher_of, media_reader
from tests.support.media_files import media

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader() as reader:
        yield reader


@attrs.frozen
class Given:
    """A fetched sound, and what can be asked of it."""

    reader: MediaReader
    audio: SourceAudio

    def samples(self, start: Fraction | int, samples: int, rate: int | None = None, channels: int = 2) -> Floats:
        window = SampleWindow(start=Fraction(start), samples=samples, rate=rate or self.audio.rate, channels=channels)
        sound = fetcher_of(self.reader).samples(self.audio, window, JobControl())
        assert (sound.sampling_rate, sound.channels, sound.length) == (window.rate, channels, samples)
        return np.array(sound.samples, np.float32).reshape(channels, samples)


def given(reader: MediaReader, folder: Path, data: bytes) -> Given:
    with serving({"/sound": Reply(body=data)}) as server:
        return Given(reader, fetcher_of(reader).audio(AudioUrl(server.url("/sound")), folder, JobControl()))


def of_video(reader: MediaReader, folder: Path, data: bytes) -> Given:
    with serving({"/clip": Reply(body=data)}) as server:
        video = fetcher_of(reader).video(VideoUrl(server.url("/clip")), folder, JobControl())
    assert video.audio is not None
    return Given(reader, video.audio)


def floats(samples: Samples) -> Floats:
    return (samples / 32_768).astype(np.float32)


@pytest.mark.parametrize(
    ("container", "rate"), [("wav", 48_000), ("wav", 8_000), ("mov", 44_100), ("matroska", 48_000)]
)
def test_at_its_own_rate_the_samples_are_those_of_the_file(
    reader: MediaReader, tmp_path: Path, container: str, rate: int
) -> None:
    sound = noise(rate + 123)
    heard = given(reader, tmp_path, only_sound(sound, rate, container=container))
    assert (heard.audio.rate, heard.audio.samples, heard.audio.start) == (rate, rate + 123, Fraction(0))
    assert np.array_equal(heard.samples(0, rate + 123), floats(sound))
    for begin, count in ((1, 1), (1_000, 4_321), (rate + 122, 1)):
        found = heard.samples(Fraction(begin, rate), count)
        assert np.array_equal(found, floats(sound[:, begin : begin + count])), begin


def test_one_channel_becomes_two_equal_ones_and_two_their_mean(reader: MediaReader, tmp_path: Path) -> None:
    mono, stereo = noise(5_000, 1), noise(5_000, 2)
    one = given(reader, tmp_path, only_sound(mono, layout="mono"))
    assert np.array_equal(one.samples(0, 5_000), floats(np.concatenate([mono, mono])))
    assert np.array_equal(one.samples(0, 5_000, channels=1), floats(mono))
    two = given(reader, tmp_path, only_sound(stereo))
    assert np.allclose(two.samples(0, 5_000, channels=1)[0], floats(stereo).mean(axis=0), atol=1e-7)


def test_surround_is_mixed_down_without_clipping(reader: MediaReader, tmp_path: Path) -> None:
    """FL FR FC LFE BL BR."""
    sound = noise(2_000, 6)
    sound[:, 1_000] = 32_767
    heard = given(reader, tmp_path, only_sound(sound, layout="5.1(side)"))
    assert heard.audio.channels == 6
    left, right, centre, _, back_left, back_right = floats(sound)
    weight = 0.5**0.5
    whole = 1 + 2 * weight
    expected = np.stack([left + weight * (centre + back_left), right + weight * (centre + back_right)]) / whole
    found = heard.samples(0, 2_000)
    assert np.abs(found - expected).max() < 1e-6
    assert 0.999 < np.abs(found[:, 1_000]).min() <= 1
    assert np.allclose(heard.samples(0, 2_000, channels=1)[0], expected.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(("rate", "wanted"), [(48_000, 16_000), (44_100, 48_000), (8_000, 44_100), (48_000, 24_000)])
def test_another_rate_keeps_the_time_and_the_count(reader: MediaReader, tmp_path: Path, rate: int, wanted: int) -> None:
    seconds = np.arange(2 * rate) / rate
    tone = (np.sin(2 * np.pi * 441 * seconds) * 16_000).astype(np.int16)
    heard = given(reader, tmp_path, only_sound(np.stack([tone, -tone]), rate))
    for start in (Fraction(0), Fraction(1, 4), Fraction(3, 2)):
        count = wanted // 2 - 7
        found = heard.samples(start, count, wanted)
        expected = np.sin(2 * np.pi * 441 * (float(start) + np.arange(count) / wanted)) * 16_000 / 32_768
        # To a hundredth of full scale in the middle, which is a fiftieth of a period; the file's ends ring.
        middle = slice(wanted // 50, count - wanted // 50)
        assert np.abs(found[0] - expected)[middle].max() < 0.01, start
        assert np.abs(found[1] + expected)[middle].max() < 0.01, start


def test_two_stretches_at_another_rate_join_without_a_seam(reader: MediaReader, tmp_path: Path) -> None:
    heard = given(reader, tmp_path, only_sound(noise(44_100 * 2), 44_100))
    whole = heard.samples(0, 40_000, 16_000 * 2)
    parts = [heard.samples(Fraction(begin, 32_000), 10_000, 32_000) for begin in range(0, 40_000, 10_000)]
    joined = np.concatenate(parts, axis=1)
    assert np.abs(joined - whole).max() < 1e-5


@pytest.mark.parametrize(("container", "at"), [("mov", 0), ("mov", 12_000), ("mov", 4_800), ("matroska", 12_000)])
def test_a_sound_that_begins_later_than_the_picture_stays_there(
    reader: MediaReader, tmp_path: Path, container: str, at: int
) -> None:
    sound = noise(10_000)
    heard = of_video(reader, tmp_path, coded(flat(20), container=container, sound=sound, sound_at=at))
    assert abs(heard.audio.start - Fraction(at, 48_000)) <= (0 if container == "mov" else Fraction(1, 1000))
    found = heard.samples(0, at + 10_000 + 500)
    assert not found[:, :at].any()
    assert np.array_equal(found[:, at : at + 10_000], floats(sound))
    assert not found[:, at + 10_000 :].any()
    alone = given(reader, tmp_path, coded(flat(20), container=container, sound=sound, sound_at=at))
    assert np.array_equal(alone.samples(0, 10_000), floats(sound))


def test_a_gap_stays_one(reader: MediaReader, tmp_path: Path) -> None:
    sound = noise(10_000)
    clip = coded(flat(20), container="matroska", sound=sound, sound_gap=4_800)
    heard = of_video(reader, tmp_path, clip)
    assert heard.audio.samples in range(14_790, 14_850)  # the container counts milliseconds
    found = heard.samples(0, 20_000)
    assert np.array_equal(found[:, :5_000], floats(sound[:, :5_000]))
    assert not found[:, 5_000:9_750].any()
    begin = int(np.flatnonzero(found[0, 5_000:])[0]) + 5_000
    assert abs(begin - 9_800) <= 48
    assert np.array_equal(found[:, begin : begin + 5_000], floats(sound[:, 5_000:]))


def test_a_picture_that_begins_later_than_the_sound_is_time_0(reader: MediaReader, tmp_path: Path) -> None:
    sound = noise(30_000)
    late = coded(flat(10), ticks=25, times=range(5, 15), container="matroska", sound=sound)
    heard = of_video(reader, tmp_path, late)
    assert heard.audio.start == Fraction(-1, 5)
    assert np.array_equal(heard.samples(Fraction(-1, 5), 30_000), floats(sound))
    assert np.array_equal(heard.samples(0, 1_000), floats(sound[:, 9_600:10_600]))


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("mp4", "aac", 48_000), ("mp3", "libmp3lame", 44_100), ("webm", "libopus", 48_000), ("flac", "flac", 44_100)],
)
def test_coded_sounds_begin_where_they_should(
    reader: MediaReader, tmp_path: Path, container: str, codec: str, rate: int
) -> None:
    """Encoders put samples in front that decoders drop."""
    heard = given(reader, tmp_path, media(container, None, codec, sampling_rate=rate))
    count = int(rate * 0.4)
    assert 0 <= heard.audio.samples - count < rate * 0.06
    expected = np.sin(np.arange(count) / 9)
    inner = slice(rate // 20, count - rate // 20)
    found = heard.samples(0, count)
    assert np.sqrt(np.mean((found[0] - expected)[inner] ** 2)) < 0.06  # a sample too early or too late: 0.09


@pytest.mark.parametrize("part", [0.3, 0.99])
def test_a_sound_that_is_cut_off(reader: MediaReader, tmp_path: Path, part: float) -> None:
    data = only_sound(noise(48_000), container="mov")
    with pytest.raises(InputUnreadable):
        given(reader, tmp_path, data[: int(len(data) * part)])
    assert list(tmp_path.iterdir()) == []


def test_not_a_number_is_silence_and_no_sample_is_over_full_scale(reader: MediaReader, tmp_path: Path) -> None:
    data = np.array([np.nan, np.inf, -np.inf, 3.0, -3.0, 0.5] * 400, np.float32)
    heard = given(reader, tmp_path, float_wav(data))
    assert heard.samples(0, 6, channels=1)[0].tolist() == [0, 1, -1, 1, -1, 0.5]


def float_wav(samples: Floats, rate: int = 48_000) -> bytes:
    body = samples.astype("<f4").tobytes()
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 3, 1, rate, rate * 4, 4, 32)
    inner = b"WAVE" + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def test_more_at_once_than_can_be_handed_over_is_over_the_limit(reader: MediaReader, tmp_path: Path) -> None:
    heard = given(reader, tmp_path, only_sound(noise(100)))
    with pytest.raises(OverLimit, match="audio_url is asked for more sound at once"):
        heard.samples(0, (128 << 20) // 8 + 1)
    longest = heard.samples(0, 60 * 192_000, 192_000)
    assert longest.shape == (2, 60 * 192_000)


def test_a_codec_that_is_not_taken_is_refused(reader: MediaReader, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="audio_url must have audio in one of the codecs"):
        given(reader, tmp_path, media("mp4", None, "alac"))
