"""The generations at start that compile the transformer, so that no job waits for it."""

from collections.abc import Iterator
from typing import Final

from adapters.video_model.diffusers.acceleration.compilation import WARM_UP_FRAMES, warming_up
from adapters.video_model.diffusers.engine import Engine
from adapters.video_model.diffusers.rendering import rendered
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.geometry import MIN_SIDE, FrameCount, Resolution, Side
from domain.limits import Limits
from domain.plan import plan
from domain.recipes import fewest_steps
from domain.requests import GenerationRequest, ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps

_PROMPT: Final = Prompt("warm-up")
_BLACK: Final = Picture(Resolution(MIN_SIDE, MIN_SIDE), memoryview(bytes(3 * MIN_SIDE * MIN_SIDE)))


def compile_warm_up(engine: Engine) -> None:
    """Compile what the default recipe runs, with and without a picture; other presets compile at their first job.

    Raises:
        SettingsInvalid: torch cannot compile the model here, or has compiled nothing.
    """
    with warming_up(engine.components.by_name["transformer"]):
        for request, inputs in _jobs(engine):
            planned = plan(request, engine.profile, Limits(), Seed(0))
            with rendered(engine, planned, inputs, (), JobControl()) as clip:
                for _ in clip.chunks:
                    pass


def _jobs(engine: Engine) -> Iterator[tuple[GenerationRequest, GenerationInputs]]:
    least = fewest_steps(engine.profile.checkpoint)
    steps = None if least is None else Steps(least)
    side = Side(MIN_SIDE)
    for frames in map(FrameCount, WARM_UP_FRAMES):
        yield (
            TextToVideo(prompt=_PROMPT, width=side, height=side, num_frames=frames, steps=steps),
            GenerationInputs(),
        )
        yield (
            ImageToVideo(
                prompt=_PROMPT, width=side, height=side, num_frames=frames, steps=steps, image=InlineImage("")
            ),
            GenerationInputs(pictures=(_BLACK,)),
        )
