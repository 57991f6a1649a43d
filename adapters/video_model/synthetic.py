"""A model without weights: a calibration card to look at, by the same rules as the real one. Imports no torch."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from typing import Final

import attrs
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.turns import Turns
from application.job_control import JobControl, StageProgress
from application.ports.video_model import EnhancedPrompt, GenerationInputs, VideoModel
from domain.clip import Clip, ClipStatistics
from domain.errors import ModelUnavailable
from domain.families import LTX_2
from domain.geometry import FrameCount, FrameRate
from domain.plan import GenerationPlan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import Prompt
from domain.sampling import Seed

PROFILE: Final = ModelProfile(
    name="synthetic",
    revision="1",
    checkpoint=Checkpoint(family=LTX_2, is_distilled=False, has_upsampler=True, distilled_lora_bytes=0),
    device="cpu",
)

_CHUNK_FRAMES: Final = 8
_NO_TEXT_MODEL: Final = "The synthetic model does not read prompts"


class SyntheticModel(VideoModel):
    """Draws colour bars, a frame counter and a moving bar; beeps at each full second.

    From the frame that an input picture is for, it stands in the place of the bars, until the next one's frame. Held
    frames of a clip are shown as they are at their place, a reference's in the place of the bars. A given sound is
    handed out as it was given, in the rate that the plan asks for.

    The model runs the plan's steps without waiting, draws the whole canvas and crops it, eight frames at a time in one
    buffer. The same plan and inputs give the same bytes.
    """

    __slots__ = ("_turns",)

    def __init__(self, _: ModelConfig) -> None:
        """Takes the configuration that every model takes; nothing in it applies to a card."""
        self._turns = Turns()

    @override
    def load(self) -> None:
        """There is nothing to load."""

    @override
    def profile(self) -> ModelProfile:
        return PROFILE

    @override
    def describe(self) -> ModelProfile:
        return PROFILE

    @override
    def enhance(self, prompt: Prompt, inputs: GenerationInputs, seed: Seed, control: JobControl) -> EnhancedPrompt:
        raise ModelUnavailable(_NO_TEXT_MODEL)

    @override
    def predict_frames(
        self, prompt: Prompt, frame_rate: FrameRate, longest: Fraction, control: JobControl
    ) -> FrameCount:
        raise ModelUnavailable(_NO_TEXT_MODEL)

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        from adapters.video_model import calibration_card as card_of  # noqa: PLC0415 - numpy: 0.1 s

        with self._turns.taken(control):
            seconds = _Seconds()
            begin = control.clock()
            card = card_of.CalibrationCard(plan, inputs)
            seconds.prepare = control.clock() - begin
            _run_steps(plan, control)
            if inputs.sound is None:
                audio = card_of.beeps(plan.output, plan.sampling_rate or card_of.SAMPLING_RATE)
            else:
                audio = card_of.heard(inputs.sound, plan.sampling_rate)
            seconds.steps = control.clock() - begin - seconds.prepare
            with closing(_chunks(card.chunks(_CHUNK_FRAMES), control, seconds)) as chunks:
                yield Clip(
                    geometry=plan.output,
                    pixel_format="rgb24",
                    audio=audio,
                    chunks=chunks,
                    statistics=seconds.statistics,
                )


@attrs.define
class _Seconds:
    prepare: float = 0.0
    steps: float = 0.0
    drawing: float = 0.0

    def statistics(self) -> ClipStatistics:
        return ClipStatistics(
            prepare_seconds=self.prepare,
            inference_seconds=self.steps + self.drawing,
            decode_seconds=self.drawing,
        )


def _run_steps(plan: GenerationPlan, control: JobControl) -> None:
    control.check()
    for step in range(plan.steps):
        control.report(StageProgress("generate", step + 1, plan.steps))
        control.check()


def _chunks(drawn: Iterator[memoryview], control: JobControl, seconds: _Seconds) -> Generator[memoryview, None, None]:
    while True:
        control.check()
        begin = control.clock()
        chunk = next(drawn, None)
        seconds.drawing += control.clock() - begin
        if chunk is None:
            return
        yield chunk
