"""Two sounds joined: one gives way to the other for a while."""

from array import array
from fractions import Fraction
from typing import Final

import attrs

from domain.clip import Audio
from domain.geometry import ClipGeometry, FrameRate
from domain.stretch import Stretch

_FADE: Final = Fraction(1, 20)
"""Seconds over which one sound gives way to the other. Long enough not to click, short enough for speech."""
_STEREO: Final = 2


@attrs.frozen(kw_only=True)
class _Joint:
    """Positions in the finished sound: what was made is heard from `begin` to `end`, and begins at `origin`.

    It rises for `rise` samples from `begin` on, and falls for `fall` samples before `end`.
    """

    begin: int
    end: int
    origin: int
    rise: int
    fall: int


def silence(geometry: ClipGeometry, rate: int) -> Audio:
    """Stereo silence as long as a clip, at `rate` samples per second."""
    return Audio(rate, _STEREO, memoryview(array("f", bytes(4 * _STEREO * geometry.samples(rate)))))


def joined(given: Audio, made: Audio, stretch: Stretch, frame_rate: FrameRate) -> Audio:
    """`given`, the source's sound over the finished clip, with what was `made` for `stretch` in its place.

    Both have one sampling rate. Where the new frames take the place of others, the sounds cross within the new ones, so
    that what is kept is kept to the sample; else they cross in the context, for the source has nothing beyond.
    """
    joint = _joint(stretch, frame_rate, given.sampling_rate)
    samples = array("f", given.samples)
    for channel in range(given.channels):
        base = channel * given.length
        new = _made(made, min(channel, made.channels - 1), joint)
        old = samples[base + joint.begin : base + joint.end]
        for index in range(joint.rise):
            share = (index + 0.5) / joint.rise
            new[index] = old[index] * (1 - share) + new[index] * share
        for index in range(len(new) - joint.fall, len(new)):
            share = (len(new) - index - 0.5) / joint.fall
            new[index] = old[index] * (1 - share) + new[index] * share
        samples[base + joint.begin : base + joint.end] = new
    return Audio(given.sampling_rate, given.channels, memoryview(samples))


def _joint(stretch: Stretch, frame_rate: FrameRate, rate: int) -> _Joint:
    def position(frame: int) -> int:
        return round(frame * rate / frame_rate.rate)

    begin, end = position(stretch.before), position(stretch.before + stretch.made)
    origin, beyond = position(stretch.before - stretch.lead), position(stretch.before + stretch.made + stretch.trail)
    fade = round(_FADE * rate)
    if stretch.replaces:
        fade = min(fade, (end - begin) // 2)
        rise, fall = fade * bool(stretch.before), fade * bool(stretch.after_frames)
    else:
        rise, fall = min(fade, begin - origin), min(fade, beyond - end)
        begin, end = begin - rise, end + fall
    return _Joint(begin=begin, end=end, origin=origin, rise=rise, fall=fall)


def _made(made: Audio, channel: int, joint: _Joint) -> "array[float]":
    """What was made between the joint's ends, padded with silence where it is too short."""
    first = channel * made.length + joint.begin - joint.origin
    last = min(first + joint.end - joint.begin, (channel + 1) * made.length)
    part = array("f", made.samples[first:last])
    part.extend([0.0] * (joint.end - joint.begin - len(part)))
    return part
