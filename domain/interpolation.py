"""More frames a second than were generated: by how much, who makes them, and what the clip then measures."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

import attrs

from domain.errors import Fault, InvalidValue
from domain.geometry import MAX_FPS, ClipGeometry, FrameRate
from domain.media import GIF, MAX_GIF_FPS, OutputFormat
from domain.profile import Checkpoint

if TYPE_CHECKING:  # requests know these values
    from domain.requests import GenerationRequest

FACTORS: Final = (2, 4)


@attrs.frozen
class Interpolation:
    """By how much the finished clip has more frames, and more of them a second, than are asked for: 2 or 4."""

    factor: int

    def __attrs_post_init__(self) -> None:
        if self.factor not in FACTORS:
            message = f"must be {' or '.join(map(str, FACTORS))}, or null, got {self.factor}"
            raise InvalidValue(message)


Interpolator = Literal["model", "motion"]
"""model: the checkpoint's temporal upsampler, in latents. motion: estimated from the finished frames."""


@attrs.frozen(kw_only=True)
class Interpolated:
    """How a clip came to more frames than were asked for."""

    factor: int
    by: Interpolator

    @property
    def temporal_rounds(self) -> int:
        """How often the model doubles its latents in time."""
        return self.factor.bit_length() - 1 if self.by == "model" else 0

    @property
    def motion_factor(self) -> int:
        """By how much frames are multiplied after the model; 1: not at all."""
        return self.factor if self.by == "motion" else 1


def interpolation_for(request: "GenerationRequest", checkpoint: Checkpoint) -> Interpolated | None:
    """Who interpolates; None: nobody was asked to.

    The model where it can, for it knows what moves. Not where frames of a source stand beside its own: those are no
    latents of this clip.
    """
    if request.interpolate is None:
        return None
    is_models = checkpoint.has_temporal_upsampler and not request.splices
    return Interpolated(factor=request.interpolate.factor, by="model" if is_models else "motion")


def denser(clip: ClipGeometry, factor: int) -> ClipGeometry:
    """What `clip` measures with `factor` times as many frames in the same time."""
    return attrs.evolve(clip, frames=clip.frames * factor, frame_rate=FrameRate(clip.frame_rate.rate * factor))


def finished(clip: ClipGeometry, interpolation: Interpolation | None) -> ClipGeometry:
    """What the file measures, where `clip` is what is asked to be generated, the source's frames included."""
    return clip if interpolation is None else denser(clip, interpolation.factor)


def rate_faults(fps: FrameRate, interpolation: Interpolation, output_format: OutputFormat) -> Iterator[Fault]:
    """Whether a file can show as many frames a second."""
    most = MAX_GIF_FPS if output_format == GIF else MAX_FPS
    if fps.rate > most or fps.rate * interpolation.factor <= most:  # the former is the rate's own fault
        return
    fast = FrameRate(fps.rate * interpolation.factor).number
    among = " with output_format gif" if output_format == GIF else ""
    yield Fault("interpolate", f"must be null{_or_less(fps, most)}: a clip has at most {most} fps{among}, got {fast}")


def _or_less(fps: FrameRate, most: int) -> str:
    """A factor that would do at this rate."""
    return "".join(f" or {factor}" for factor in FACTORS if fps.rate * factor <= most)
