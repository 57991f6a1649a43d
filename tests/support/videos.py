"""What FFmpeg finds in a video file, read without the encoder's own reader."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from domain.geometry import Resolution
from tests.contract.encoder_bench import Summary


def summary(path: Path) -> Summary:
    with av.open(str(path), "r", format="mp4") as container:
        picture = container.streams.video[0]
        sound = container.streams.audio[0] if container.streams.audio else None
        frames = sum(1 for _ in container.decode(picture))
        assert picture.average_rate is not None
        assert picture.average_rate == picture.guessed_rate
        length = None
        if sound is not None:
            assert sound.duration is not None
            assert sound.time_base is not None
            length = sound.duration * sound.time_base
        return Summary(
            resolution=Resolution(picture.width, picture.height),
            frames=frames,
            rate=picture.average_rate,
            audio_rate=sound.sample_rate if sound else None,
            sound=length,
        )


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path), "r") as container:
        return list(container.decode(video=0))


def heard(path: Path) -> npt.NDArray[np.float64]:
    """Both channels as a decoder hands them out."""
    with av.open(str(path), "r") as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1).astype(np.float64)
