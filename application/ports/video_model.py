"""The model that makes a clip out of a plan."""

from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Protocol

import attrs

from application.job_control import JobControl
from domain.clip import Audio, Clip, FrameSequence, Picture
from domain.geometry import FrameCount, FrameRate
from domain.plan import GenerationPlan
from domain.profile import ModelProfile
from domain.requests import Prompt
from domain.sampling import Seed


@attrs.frozen(kw_only=True, eq=False)
class GenerationInputs:
    """What was fetched for a plan. The buffers stay the caller's; the model copies what it keeps."""

    pictures: tuple[Picture, ...] = ()
    """One for each of the plan's conditions, in their order; each in its own size."""
    clips: tuple[FrameSequence, ...] = ()
    """One for each of the plan's clips, in their order; each in the size of the plan's output."""
    sound: Audio | None = None
    """What the plan's `sound` is about: stereo at `domain.sound.HEARD_RATE`, as long as the canvas, to the sample."""


@attrs.frozen(kw_only=True)
class EnhancedPrompt:
    """A prompt as the model rewrote it. Where it made nothing of it, the given one, with a warning."""

    prompt: Prompt
    warnings: tuple[str, ...] = ()


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
        """What the checkpoint is and has. Loads it if need be; raises what `load` raises."""

    def describe(self) -> ModelProfile:
        """What `profile` says; where nothing is loaded yet, by the checkpoint's files. Loads and downloads nothing.

        Raises:
            ModelUnavailable: the checkpoint is incomplete, or not on the disk yet.
            SettingsInvalid, OutOfMemory: the device that is asked for is not there, or too small.
        """

    def enhance(self, prompt: Prompt, inputs: GenerationInputs, seed: Seed, control: JobControl) -> EnhancedPrompt:
        """`prompt` rewritten at length, as the model likes it; the same for the same seed and pictures.

        Only where the profile's checkpoint `can_enhance`. Waits for the device; raises what `generate` raises.
        """

    def predict_frames(
        self, prompt: Prompt, frame_rate: FrameRate, longest: Fraction, control: JobControl
    ) -> FrameCount:
        """How many frames a clip of `prompt` should have: `longest` seconds at most, and not less than one frame.

        Only where the profile's checkpoint `has_duration_head`. Waits for the device; raises what `generate` raises.
        """

    def generate(
        self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl
    ) -> AbstractContextManager[Clip]:
        """Make the clip of `plan`.

        On entry the text is encoded, the latents are denoised and the sound is decoded; frames are decoded
        while `Clip.chunks` is consumed. The device stays taken, and the clip's buffers stay valid, until the
        context is left. Leaving it early is allowed and frees the device; nothing of a job stays behind.

        `control.check()` is called at least once a denoising step and once a chunk.

        Raises (on entry and from `Clip.chunks`):
            ModelUnavailable, InputRefused, InputUnreadable: a LoRA cannot be had.
            OutOfMemory: the plan did not fit, nor did a cheaper way to run it.
            GpuFailed: the device context is lost.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """
