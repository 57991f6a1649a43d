"""What a worker takes at most, and what is said of more."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import attrs

from domain.errors import Fault, OverLimit
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.requests import GenerationRequest
from domain.sizing import Seconds
from domain.upscaling import before

FULL_HD: Final = Resolution(1920, 1088)


@attrs.frozen(kw_only=True)
class Limits:
    """The largest clip that this worker takes (MAX_NUM_FRAMES, MAX_PIXELS, MAX_SECONDS)."""

    num_frames: int = 1025
    pixels: int = FULL_HD.pixels
    seconds: float = 20.0


def refuse_over_limit(request: GenerationRequest, limits: Limits) -> None:
    """Return if `request` is within `limits`.

    Raises:
        OverLimit: with all faults, about the fields that the caller used; each names the largest that would fit.
    """
    measures = request.given_as
    if measures.seconds is not None:
        too_long = _seconds_over_limit(measures.seconds, request.geometry, limits)
    elif request.length_field == measures.length_field:
        too_long = _frames_over_limit(request.geometry, limits)
    else:
        too_long = _window_over_limit(request.geometry, limits)
    faults = [Fault(request.length_field, message) for message in too_long]
    size = before(request.geometry.resolution, request.upscale)
    pixels = limits.pixels * size.pixels // request.geometry.resolution.pixels
    if size.pixels > pixels:
        path, *others = measures.size_fields
        named = measures.largest_within(pixels)
        fitting = f'"{named}"' if named else _largest_like(size, pixels)
        upscaled = "" if request.upscale is None else f", which are then upscaled by {request.upscale.factor}"
        message = (
            f"{''.join(f'x {other} ' for other in others)}must be at most {pixels} pixels on this worker (such "
            f"as {fitting}){upscaled}, got {size}"
        )
        faults.append(Fault(path, message))
    if faults:
        joined = "Over this worker's limits: " + "; ".join(str(fault) for fault in faults)
        raise OverLimit(joined, faults=tuple(faults))


def _frames_over_limit(asked: ClipGeometry, limits: Limits) -> Iterator[str]:
    if asked.frames > limits.num_frames:
        yield f"must be at most {limits.num_frames} on this worker, got {asked.frames}"
    seconds = Fraction(limits.seconds)
    if asked.duration > seconds:
        fitting = max(1, int(seconds * asked.frame_rate.rate))
        yield (
            f"must be at most {fitting} at {asked.frame_rate.number} fps ({limits.seconds:g} seconds), "
            f"got {asked.frames}"
        )


def _seconds_over_limit(given: Seconds, asked: ClipGeometry, limits: Limits) -> Iterator[str]:
    """The length is compared as it was given: the half frame that rounding may add is nobody's fault."""
    if asked.frames > limits.num_frames:
        fitting = int(1000 * limits.num_frames / asked.frame_rate.rate) / 1000
        yield (
            f"must be at most {fitting:g} at {asked.frame_rate.number} fps ({limits.num_frames} frames), "
            f"got {given.number}"
        )
    if given.number > limits.seconds:
        yield f"must be at most {limits.seconds:g} on this worker, got {given.number}"


def _window_over_limit(asked: ClipGeometry, limits: Limits) -> Iterator[str]:
    """Of a part of a clip, which is asked for by its ends."""
    longest = min(Fraction(limits.seconds), limits.num_frames / asked.frame_rate.rate)
    if asked.duration > longest:
        fitting, seconds = int(1000 * longest) / 1000, float(asked.duration)
        yield f"must be at most {fitting:g} seconds after the start on this worker, got {seconds:g} after it"


def _largest_like(asked: Resolution, pixels: int) -> Resolution:
    """About the largest size of the asked shape that has at most `pixels` pixels; its sides are valid ones.

    A long, thin shape shrunk to its proportions could fall below MIN_SIDE: there the other side gives way.
    """
    scale = (pixels / asked.pixels) ** 0.5
    width, height = _side(asked.width * scale), _side(asked.height * scale)
    width = min(width, _side(pixels / height))
    return Resolution(width, min(height, _side(pixels / width)))


def _side(pixels: float) -> int:
    """The largest even side not above `pixels`, but never below MIN_SIDE."""
    return max(MIN_SIDE, int(pixels) // 2 * 2)
