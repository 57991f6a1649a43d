"""A schedule on which nothing moves: it holds a given sound while the picture is made to it."""

from collections.abc import Sequence

import torch


class FrozenScheduler:
    """The scheduler of a sound that is given: clean at every step, and as it was after each.

    The makers' A2VidTwoStage keeps the audio latents at sigma 0. So does `LTX2DFRPipeline(freeze_audio=True)`, which
    knows no guidance. As the pipelines' `audio_scheduler` this does the same beside every schedule and guidance of the
    picture: the transformer is told timestep 0, and each step gives back its sample.
    """

    order = 1
    timesteps: torch.Tensor
    """Zeros, one for each step."""
    sigmas: torch.Tensor
    """Zeros, one more than steps."""

    def set_timesteps(self, *, sigmas: Sequence[float], device: str | torch.device | None = None, **_: object) -> None:
        """As many steps as the picture's `sigmas`; the pipelines give them for every schedule."""
        self.timesteps = torch.zeros(len(sigmas), device=device)
        self.sigmas = torch.zeros(len(sigmas) + 1, device=device)

    def step(self, _: torch.Tensor, __: object, sample: torch.Tensor, **___: object) -> tuple[torch.Tensor]:
        """`sample` itself, whatever the model says of it."""
        return (sample,)
