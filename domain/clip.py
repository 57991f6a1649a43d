"""A generated clip on its way from the model to the encoder: plain buffers, no numpy, no torch."""

from collections.abc import Callable, Iterator
from typing import Literal

import attrs

from domain.geometry import ClipGeometry, Resolution
from domain.memory import MemoryPolicy

PixelFormat = Literal["rgb24", "yuv420p"]


@attrs.frozen(eq=False)
class Picture:
    """A decoded picture: `pixels` is uint8 RGB, rows from the top, height x width x 3 bytes, no padding."""

    resolution: Resolution
    pixels: memoryview = attrs.field(repr=False)


@attrs.frozen(kw_only=True, eq=False)
class FrameSequence:
    """Decoded frames, each of `resolution`: uint8 RGB as in `Picture`, in chunks of one or several whole frames."""

    resolution: Resolution
    frames: int
    chunks: tuple[memoryview, ...] = attrs.field(repr=False)


@attrs.frozen(eq=False)
class Audio:
    """Sound of a clip.

    `samples` is float32 in [-1, 1], planar: all samples of channel 0, then all of channel 1 and so on, as a
    memoryview of format "f". It may last longer or shorter than the picture; the encoder cuts and pads.
    The buffer belongs to the clip's producer and is valid as long as the clip's context is open.
    """

    sampling_rate: int
    channels: int
    samples: "memoryview[float]" = attrs.field(repr=False)

    @property
    def length(self) -> int:
        """Samples per channel."""
        return len(self.samples) // self.channels


@attrs.frozen(kw_only=True)
class ClipStatistics:
    """What the making of a clip took. Seconds are wall time on the job's monotonic clock."""

    prepare_seconds: float
    """Building the pipeline, moving weights for `low_vram`, fitting the input picture."""
    inference_seconds: float
    """Text encoding, denoising, VAE and vocoder."""
    decode_seconds: float
    """The part of `inference_seconds` that went into VAE and vocoder; it runs while the encoder works."""
    peak_vram_bytes: int | None = None
    """Peak of the device's allocator during this clip; None on the CPU."""
    memory_policy: MemoryPolicy = "resident"
    """Where the weights were kept for this clip."""
    warnings: tuple[str, ...] = ()
    """What the caller should know of how it was made."""


@attrs.frozen(kw_only=True, eq=False)
class Clip:
    """A clip of exactly `geometry`, cropped and trimmed from the grid point that was generated.

    `chunks` yields C-contiguous uint8 memoryviews (format "B"), each one whole frame or several, in order,
    `geometry.frames` frames in all. rgb24: height x width x 3 bytes a frame. yuv420p: the Y plane, then U,
    then V, height x width x 3/2 bytes a frame, BT.709, limited range. A chunk is valid until the next one is
    asked for. `audio` is complete before the first chunk, or None.
    `statistics` may be called once `chunks` is exhausted.
    """

    geometry: ClipGeometry
    pixel_format: PixelFormat
    audio: Audio | None
    chunks: Iterator[memoryview]
    statistics: Callable[[], ClipStatistics]

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame in `pixel_format`."""
        pixels = self.geometry.resolution.pixels
        return pixels * 3 if self.pixel_format == "rgb24" else pixels * 3 // 2


@attrs.frozen(kw_only=True, eq=False)
class Still:
    """One frame of a clip, in a copy that outlives it; `pixels` are laid out as in `Clip.chunks`."""

    resolution: Resolution
    pixel_format: PixelFormat
    pixels: bytes = attrs.field(repr=False)
