"""The grid that LTX-2 generates on, and the roundings that lead to it. Each rounding has its own name.

Sides are multiples of 32 (64 where a latent upsampler doubles them), frames are 8k+1: the video VAE packs
32x32 pixels and 8 frames into one latent, and the first frame has a latent of its own. diffusers checks the
sides only and floors the frame count silently (`num_frames // 8`), so the frame rule must be ours.
"""

from typing import Final

import attrs

from domain.geometry import MIN_SIDE, ClipGeometry, FrameRate, Resolution

AUDIO_LATENTS_PER_SECOND: Final = 25
"""16,000 Hz / 160 samples a hop / 4 hops a latent: `AutoencoderKLLTX2Audio` of every LTX-2 family."""


@attrs.frozen
class CropBox:
    """The rectangle that is kept of a picture: `left` and `top` in pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


@attrs.frozen
class Grid:
    """Spacing of the points at which a checkpoint can generate."""

    spatial: int = 32
    temporal: int = 8
    least_side: int = MIN_SIDE

    def scaled(self, divisor: int) -> "Grid":
        """The grid whose points, divided by `divisor` in space, lie on this one."""
        return attrs.evolve(self, spatial=self.spatial * divisor, least_side=self.least_side * divisor)

    def side_up(self, side: int) -> int:
        """The smallest multiple of `spatial` that is below neither `side` nor `least_side`."""
        return max(-(-side // self.spatial) * self.spatial, self.least_side)

    def frames_up(self, frames: int) -> int:
        """The smallest 8k+1 that is not below `frames`."""
        return -(-(frames - 1) // self.temporal) * self.temporal + 1

    def geometry_up(self, asked: ClipGeometry) -> ClipGeometry:
        """The next grid point that covers `asked` and has at least one audio latent.

        One frame at 60 fps lasts 1/60 s, which rounds to no audio latent at all, and diffusers then fails
        with "cannot reshape tensor of 0 elements"; such a clip is generated one step longer and trimmed.
        """
        frames = self.frames_up(asked.frames)
        while audio_latents(frames, asked) < 1:
            frames += self.temporal
        size = Resolution(self.side_up(asked.resolution.width), self.side_up(asked.resolution.height))
        return ClipGeometry(size, frames, asked.frame_rate)


def interpolated(canvas: ClipGeometry, rounds: int) -> ClipGeometry:
    """What a grid point becomes where a temporal upsampler doubles it `rounds` times, of F latents making 2F - 1.

    Frame i is then frame i x 2^rounds: between two frames there are new ones, and none behind the last.
    """
    factor = 2**rounds
    rate = FrameRate(canvas.frame_rate.rate * factor)
    return attrs.evolve(canvas, frames=(canvas.frames - 1) * factor + 1, frame_rate=rate)


def audio_latents(frames: int, clip: ClipGeometry) -> int:
    """Audio latents that diffusers makes for `frames` at the clip's rate.

    Its formula, to the last bit: `round(num_frames / frame_rate * 25.0)` in floats, halves to even.
    """
    return round(frames / float(clip.frame_rate.rate) * AUDIO_LATENTS_PER_SECOND)


def centre_crop(outer: Resolution, inner: Resolution) -> CropBox:
    """The middle of `outer` that measures `inner`; an odd remainder leaves the extra pixel right and below."""
    return CropBox(
        left=(outer.width - inner.width) // 2,
        top=(outer.height - inner.height) // 2,
        width=inner.width,
        height=inner.height,
    )
