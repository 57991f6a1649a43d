"""The model that makes a clip out of a plan."""

from contextlib import AbstractContextManager
from typing import Protocol

import attrs

from application.job_control import JobControl
from domain.clip import Clip, Picture
from domain.plan import GenerationPlan
from domain.profile import ModelProfile


@attrs.frozen(kw_only=True, eq=False)
class GenerationInputs:
    """What was fetched for a plan. The buffers stay the caller's; the model copies what it keeps."""

    image: Picture | None = None
    """First frame of an `i2v` plan, in its own size."""


class VideoModel(Protocol):
    """A loaded checkpoint on one device. One generation at a time; `generate` waits for its turn."""

    __slots__ = ()

    def load(self) -> None:
        """Bring the weights to the device; does nothing when they are there.

        Raises:
            ModelUnavailable: weights are missing or incomplete; the message names what and where to put it.
            OutOfMemory, GpuFailed: the device did not take them.
        """

    def profile(self) -> ModelProfile:
        """The checkpoint's family, recipe and grid. Loads it if need be; raises what `load` raises."""

    def generate(
        self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl
    ) -> AbstractContextManager[Clip]:
        """Make the clip of `plan`.

        On entry the text is encoded, the latents are denoised and the sound is decoded; frames are decoded
        while `Clip.chunks` is consumed. The device stays taken, and the clip's buffers stay valid, until the
        context is left. Leaving it early is allowed and frees the device; nothing of a job stays behind.

        `control.check()` is called at least once a denoising step and once a chunk.

        Raises (on entry and from `Clip.chunks`):
            OutOfMemory: the plan did not fit.
            GpuFailed: the device context is lost.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """
