"""The test card behind another model: what a test changes of it, it overrides."""

from contextlib import AbstractContextManager
from fractions import Fraction

from typing_extensions import override

from application.job_control import JobControl
from application.ports.video_model import EnhancedPrompt, GenerationInputs, VideoModel
from domain.clip import Clip
from domain.geometry import FrameCount, FrameRate
from domain.plan import GenerationPlan
from domain.profile import ModelProfile
from domain.requests import Prompt
from domain.sampling import Seed


class CardModel(VideoModel):
    """Hands everything on to `card`."""

    __slots__ = ("_card",)

    def __init__(self, card: VideoModel) -> None:
        self._card = card

    @override
    def load(self) -> None:
        self._card.load()

    @override
    def profile(self) -> ModelProfile:
        return self._card.profile()

    @override
    def describe(self) -> ModelProfile:
        return self._card.describe()

    @override
    def enhance(self, prompt: Prompt, inputs: GenerationInputs, seed: Seed, control: JobControl) -> EnhancedPrompt:
        return self._card.enhance(prompt, inputs, seed, control)

    @override
    def predict_frames(
        self, prompt: Prompt, frame_rate: FrameRate, longest: Fraction, control: JobControl
    ) -> FrameCount:
        return self._card.predict_frames(prompt, frame_rate, longest, control)

    @override
    def generate(
        self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl
    ) -> AbstractContextManager[Clip]:
        return self._card.generate(plan, inputs, control)
