"""Noise schedules: the sigmas that a denoising run steps through, from pure noise (1) to the clip (0)."""

import math
from typing import Final

import attrs

DISTILLED_SIGMAS: Final = (1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875)
"""`DISTILLED_SIGMA_VALUES` of ltx-pipelines and diffusers; the scheduler appends the final 0."""

REFINEMENT_SIGMAS: Final = (0.909375, 0.725, 0.421875)
"""`STAGE_2_DISTILLED_SIGMA_VALUES` of ltx-pipelines and diffusers, for latents that were upsampled."""

FEWEST_SHIFTED_STEPS: Final = 2
"""A schedule that is shifted to a terminal sigma divides by zero with one step, and every frame is NaN."""

_ANCHOR_MU: Final = 2.05
"""Shift of ltx-pipelines' `LTX2Scheduler` at its fixed anchor of 4096 tokens, whatever the clip's size."""

_TERMINAL: Final = 0.1
"""Where the last step begins: `shift_terminal` of Lightricks' own scheduler configurations."""


@attrs.frozen
class DynamicSchedule:
    """The checkpoint's own dynamic schedule; diffusers shifts it by the number of the clip's tokens."""

    steps: int

    @property
    def sigmas(self) -> None:
        """Not known before the scheduler has seen the clip."""
        return


@attrs.frozen
class AnchoredSchedule:
    """The makers' schedule of a dev checkpoint: shifted as for 4096 tokens, stretched to end at 0.1.

    ltx-pipelines 1.2.0, `LTX2Scheduler.execute`. diffusers shifts by the real token count instead, which gives
    other sigmas at every size but one.
    """

    steps: int

    @property
    def sigmas(self) -> tuple[float, ...]:
        """As given to a static scheduler, without the final 0."""
        plain = [1 - step / self.steps for step in range(self.steps)]
        shift = math.exp(_ANCHOR_MU)
        shifted = [shift / (shift + (1 / sigma - 1)) for sigma in plain]
        stretch = (1 - _TERMINAL) / (1 - shifted[-1])
        return tuple(1 - (1 - sigma) * stretch for sigma in shifted)


@attrs.frozen
class FixedSchedule:
    """Exactly these sigmas, which a distilled network was trained on; the final 0 is left out."""

    sigmas: tuple[float, ...]

    @property
    def steps(self) -> int:
        return len(self.sigmas)


Schedule = DynamicSchedule | AnchoredSchedule | FixedSchedule
