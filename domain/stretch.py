"""A stretch of a clip that is made anew between frames of its source that are kept."""

from fractions import Fraction
from typing import Final, Self

import attrs

from domain.conditions import ClipCondition

MOST_CONTEXT: Final = 25
"""Frames beside a stretch that the model is shown, so that it goes on from there: four latents, a second at 24 fps.
Each of them is denoised again, for nothing but the transition."""


@attrs.frozen(kw_only=True)
class Stretch:
    """Frames in one rate: first `before` of the source, then `made` new ones, then the source's from `resume` on.

    The model makes the new ones between `lead` and `trail` frames of context, which are the source's own and are not
    used. `is_seen`: the new frames are shown; else only their sound is of use, and the frames in their place are the
    source's. `is_heard`: their sound is used.
    """

    before: int
    made: int
    resume: int
    source_frames: int
    is_seen: bool = True
    is_heard: bool = True

    @classmethod
    def after(cls, source_frames: int, made: int) -> Self:
        """`made` frames behind all of the source's."""
        return cls(before=source_frames, made=made, resume=source_frames, source_frames=source_frames)

    @classmethod
    def in_front(cls, source_frames: int, made: int) -> Self:
        """`made` frames in front of all of the source's."""
        return cls(before=0, made=made, resume=0, source_frames=source_frames)

    @property
    def lead(self) -> int:
        """Frames of context before the new ones: 0, 1, 9, 17 or 25, as they are encoded from the first one on."""
        return _context(self.before)

    @property
    def trail(self) -> int:
        """Frames of context behind the new ones."""
        return _context(self.after_frames)

    @property
    def after_frames(self) -> int:
        """The source's frames behind the new ones."""
        return self.source_frames - self.resume

    @property
    def generated(self) -> int:
        """Frames that the model makes, context included."""
        return self.lead + self.made + self.trail

    @property
    def finished(self) -> int:
        """Frames of the finished clip."""
        return self.before + self.made + self.after_frames

    @property
    def replaces(self) -> bool:
        """Whether new frames stand in the place of others, so that source and finished clip share their time."""
        return self.resume > self.before

    def source_start(self, rate: Fraction) -> Fraction:
        """The source's time, in seconds, at which the finished clip begins; below 0 where new frames come first."""
        return -self.made / rate if self.before == 0 and not self.replaces else Fraction(0)

    def context(self, canvas_frames: int) -> tuple[ClipCondition, ...]:
        """What of the source the model is shown on a canvas of so many frames."""
        if not self.is_seen:
            return (ClipCondition(role="held", first=self.before - self.lead, frames=canvas_frames),)
        lead = ClipCondition(role="held", first=self.before - self.lead, frames=self.lead)
        trail = ClipCondition(role="held", first=self.resume, frames=self.trail, frame=self.lead + self.made)
        return tuple(context for context in (lead, trail) if context.frames)


def _context(frames: int) -> int:
    """As many of `frames` as are shown: 8m+1, as the video VAE encodes them; 0 where there are none."""
    return (min(frames, MOST_CONTEXT) - 1) // 8 * 8 + 1 if frames else 0
