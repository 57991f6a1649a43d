"""Makes the model ready before the first job comes."""

from collections.abc import Iterator
from typing import Final

import attrs

from application.job_control import JobControl
from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import Picture
from domain.geometry import MIN_SIDE, FrameCount, Resolution, Side
from domain.limits import Limits
from domain.plan import plan
from domain.profile import Checkpoint
from domain.recipes import fewest_steps
from domain.requests import GenerationRequest, ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps

_PROMPT: Final = Prompt("warm-up")
_FRAMES: Final = FrameCount(9)
"""Two latent frames: the first one is coded by itself, the others are not."""
_BLACK: Final = Picture(Resolution(MIN_SIDE, MIN_SIDE), memoryview(bytes(3 * MIN_SIDE * MIN_SIDE)))


@attrs.frozen
class WarmUp:
    """Loads the weights and makes the smallest clips once, so that no job pays for first calls.

    One without a picture and one with it, in the checkpoint's default recipe: the text encoder, every layer of the
    transformer under its guidance, both VAEs' decoders, the vocoder, and for the picture the VAE's encoder. Not the
    presets with a second stage: they run the same layers, and on a dev checkpoint need a LoRA of gigabytes, which most
    workers are never asked for.
    """

    model: VideoModel

    def __call__(self) -> None:
        """Return when the model is ready. Raises what the model raises."""
        self.model.load()
        profile = self.model.profile()
        for request, inputs in _smallest(profile.checkpoint):
            planned = plan(request, profile, Limits(), Seed(0))
            with self.model.generate(planned, inputs, JobControl()) as clip:
                for _ in clip.chunks:
                    pass


def _smallest(checkpoint: Checkpoint) -> Iterator[tuple[GenerationRequest, GenerationInputs]]:
    least, side = fewest_steps(checkpoint), Side(MIN_SIDE)
    steps = None if least is None else Steps(least)
    yield (
        TextToVideo(prompt=_PROMPT, width=side, height=side, num_frames=_FRAMES, steps=steps),
        GenerationInputs(),
    )
    yield (
        ImageToVideo(prompt=_PROMPT, width=side, height=side, num_frames=_FRAMES, steps=steps, image=InlineImage("")),
        GenerationInputs(pictures=(_BLACK,)),
    )
