"""Other ways from the same frames and sound to an MP4. None of them says in which colours it wrote: BT.601."""

import subprocess
from pathlib import Path
from typing import IO, cast

import imageio.v2 as imageio
import imageio_ffmpeg  # type: ignore[import-untyped]  # it has no types
import torch
from diffusers.utils import encode_video as diffusers_encode_video

from adapters.encoder.config import EncoderConfig
from adapters.encoder.mp4 import X264_THREADS
from benchmarks.encoding import RATE, SAMPLING_RATE, Sound
from benchmarks.footage import Frames


def encode_video(frames: Frames, sound: Sound | None, target: Path) -> None:
    """`diffusers.utils.encode_video`, with frames in the form that costs it least: uint8, in memory that it shares."""
    audio = None if sound is None else torch.from_numpy(sound)
    diffusers_encode_video(torch.from_numpy(frames), RATE, str(target), audio, SAMPLING_RATE)


def imageio_writer(frames: Frames, target: Path) -> None:
    """The writer of imageio as workers call it: its defaults, no sound. Frames go through a pipe to its ffmpeg."""
    with imageio.get_writer(target, fps=RATE) as writer:
        for frame in frames:
            writer.append_data(frame)  # type: ignore[attr-defined]  # imageio says it is any writer


def ffmpeg(config: EncoderConfig, frames: Frames, sound: Path, target: Path) -> None:
    """The ffmpeg program on raw frames from its standard input, with the worker's settings, tags and threads.

    `sound` is a WAV file. Raises CalledProcessError, or BrokenPipeError where it ends early.
    """
    _, height, width, _ = frames.shape
    x264 = [
        "-c:v",
        "libx264",
        "-preset",
        config.preset,
        "-crf",
        str(config.crf),
        "-pix_fmt",
        "yuv420p",
        "-threads:v",
        str(X264_THREADS),
    ]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(RATE), "-i", "-",
        "-i", str(sound),
        "-vf", "scale=out_color_matrix=bt709:out_range=limited", *x264,
        "-x264-params", "cpu-independent=1:colorprim=bt709:transfer=bt709:colormatrix=bt709",
        "-c:a", "aac", "-aac_coder", "fast", "-b:a", str(config.audio_bit_rate), "-movflags", "+faststart", str(target),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process, cast("IO[bytes]", process.stdin) as raw:
        for frame in frames:
            raw.write(frame.data)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command[0])
