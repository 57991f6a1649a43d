"""LTX-2 on diffusers: one checkpoint, one device, one generation at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.compile_warm_up import compile_warm_up
from adapters.video_model.diffusers.conditioning import as_image
from adapters.video_model.diffusers.description import describe
from adapters.video_model.diffusers.engine import Engine, load_engine
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.rendering import rendered
from adapters.video_model.diffusers.text.duration import predict_frames
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.text.enhancement import enhance
from adapters.video_model.turns import Turns
from application.job_control import JobControl
from application.ports.video_model import EnhancedPrompt, GenerationInputs, VideoModel
from domain.clip import Clip
from domain.geometry import FrameCount, FrameRate
from domain.memory import MemoryPolicy
from domain.plan import GenerationPlan
from domain.profile import ModelProfile
from domain.requests import Prompt
from domain.sampling import Seed


class DiffusersModel(VideoModel):
    """Loads on `load`, or on the first use, and keeps the weights until the process ends.

    `load_engine` may be given to work with components that were made in another way.
    """

    __slots__ = ("_config", "_engine", "_load_engine", "_loading", "_turns")

    def __init__(self, config: ModelConfig, load_engine: Callable[[ModelConfig], Engine] = load_engine) -> None:
        self._config = config
        self._load_engine = load_engine
        self._loading = threading.Lock()
        self._engine: Engine | None = None
        self._turns = Turns()

    @override
    def load(self) -> None:
        self._ready()

    @override
    def profile(self) -> ModelProfile:
        return self._ready().profile

    @override
    def describe(self) -> ModelProfile:
        engine = self._engine
        return describe(self._config) if engine is None else engine.profile

    @property
    def policy(self) -> MemoryPolicy | None:
        """How the weights are kept; None: they are not loaded yet."""
        return None if self._engine is None else self._engine.residency.policy

    @override
    def enhance(self, prompt: Prompt, inputs: GenerationInputs, seed: Seed, control: JobControl) -> EnhancedPrompt:
        engine = self._ready()
        with self._turns.taken(control), translated():
            control.check()
            made = enhance(
                engine.components,
                engine.residency,
                prompt.text,
                device=engine.device,
                seed=seed.number,
                image=as_image(inputs.pictures[0]) if inputs.pictures else None,
                check=control.check,
            )
        return EnhancedPrompt(prompt=Prompt(made.text), warnings=() if made.warning is None else (made.warning,))

    @override
    def predict_frames(
        self, prompt: Prompt, frame_rate: FrameRate, longest: Fraction, control: JobControl
    ) -> FrameCount:
        engine = self._ready()
        with self._turns.taken(control), translated():
            control.check()
            family = engine.profile.checkpoint.family.name
            encoder = PromptEncoder(engine.components, engine.residency, engine.device, engine.texts, family)
            frames = predict_frames(
                engine.components,
                engine.residency,
                encoder,
                prompt.text,
                device=engine.device,
                frame_rate=float(frame_rate.rate),
                max_seconds=float(longest),
            )
        return FrameCount(frames)

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        engine = self._ready()
        loras = engine.library.pairs(plan.loras)  # maybe a download, for which the device need not wait
        with self._turns.taken(control), rendered(engine, plan, inputs, loras, control) as clip:
            yield clip

    def _ready(self) -> Engine:
        with self._loading:
            if self._engine is None:
                engine = self._load_engine(self._config)
                if self._config.acceleration.compile:
                    compile_warm_up(engine)
                self._engine = engine
            return self._engine
