"""Makes the model ready before the first job comes."""

import attrs

from application.job_control import JobControl
from application.ports.video_model import GenerationInputs, VideoModel
from domain.geometry import FrameCount, Side
from domain.limits import Limits
from domain.plan import plan
from domain.recipes import fewest_steps
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed, Steps


@attrs.frozen
class WarmUp:
    """Loads the weights and makes the smallest clip once, so that no job pays for first calls."""

    model: VideoModel

    def __call__(self) -> None:
        """Return when the model is ready. Raises what the model raises."""
        self.model.load()
        profile = self.model.profile()
        least = fewest_steps(profile.checkpoint)
        smallest = TextToVideo(
            prompt=Prompt("warm-up"),
            width=Side(64),
            height=Side(64),
            num_frames=FrameCount(9),
            steps=None if least is None else Steps(least),
        )
        planned = plan(smallest, profile, Limits(), Seed(0))
        with self.model.generate(planned, GenerationInputs(), JobControl()) as clip:
            for _ in clip.chunks:
                pass
