"""What a reader that is not the encoder's own finds in a GIF, a zip of pictures, a WAV."""

import io
import wave
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence

from domain.geometry import Resolution
from tests.contract.encoder_bench import Summary

Pixels = npt.NDArray[np.uint8]


def gif_frames(path: Path) -> tuple[list[Pixels], list[int]]:
    """Frames as RGB and their delays in hundredths of a second, by Pillow."""
    with Image.open(path) as image:
        frames = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"] // 10) for frame in ImageSequence.Iterator(image)
        ]
    return [pixels for pixels, _ in frames], [delay for _, delay in frames]


def gif_summary(path: Path) -> Summary:
    frames, _ = gif_frames(path)
    height, width, _ = frames[0].shape
    return Summary(resolution=Resolution(width, height), frames=len(frames), rate=None, audio_rate=None, sound=None)


def png_frames(path: Path) -> list[Pixels]:
    """The pictures of a zip, by Pillow, in the order of their names."""
    with zipfile.ZipFile(path) as found:
        names = sorted(name for name in found.namelist() if name.endswith(".png"))
        return [np.asarray(Image.open(io.BytesIO(found.read(name)))) for name in names]


def zip_summary(path: Path) -> Summary:
    with zipfile.ZipFile(path) as found:
        sound = found.read("sound.wav") if "sound.wav" in found.namelist() else None
    frames = png_frames(path)
    height, width, _ = frames[0].shape
    rate, length = (None, None) if sound is None else _wav_length(io.BytesIO(sound))
    return Summary(resolution=Resolution(width, height), frames=len(frames), rate=None, audio_rate=rate, sound=length)


def wav_summary(path: Path) -> Summary:
    rate, length = _wav_length(path)
    return Summary(resolution=None, frames=None, rate=None, audio_rate=rate, sound=length)


def wav_samples(source: Path | io.BytesIO) -> npt.NDArray[np.int16]:
    """Both channels."""
    with wave.open(str(source) if isinstance(source, Path) else source) as found:
        assert (found.getnchannels(), found.getsampwidth()) == (2, 2)
        return np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2).T


def _wav_length(source: Path | io.BytesIO) -> tuple[int, Fraction]:
    samples = wav_samples(source).shape[1]
    if isinstance(source, io.BytesIO):
        source.seek(0)
    with wave.open(str(source) if isinstance(source, Path) else source) as found:
        return found.getframerate(), Fraction(samples, found.getframerate())
