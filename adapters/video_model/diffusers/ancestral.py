"""Ancestral Euler as the makers sample the first distilled stage of 2.5, reproducible without torch's global seed."""

from copy import deepcopy
from typing import Any, Final, Self

import torch
from diffusers import LTXEulerAncestralRFScheduler
from diffusers.schedulers.scheduling_ltx_euler_ancestral_rf import LTXEulerAncestralRFSchedulerOutput
from typing_extensions import override

_ETA: Final = 1.0
"""ltx-pipelines' distilled pipeline: `EulerAncestralDiffusionStep(eta=1.0, s_noise=1.0)`."""
_SEED_OFFSET: Final = 10_000
"""ltx-pipelines seeds the steps' noise with the job's seed + 10000, so that it is not the initial noise again."""


class AncestralScheduler(LTXEulerAncestralRFScheduler):  # type: ignore[misc]  # diffusers has no types
    """diffusers' ancestral scheduler with three of its gaps closed (0.42.1; drop this when a pipeline does it).

    `step` gets no generator from the pipelines and would draw from torch's global one: it has its own here, on the
    CPU for every device, so that each kind of GPU gives the same noise.

    Sigmas are given without the final 0, as to the static scheduler; and that 0 is no timestep: diffusers makes it
    one, which costs a ninth forward pass whose result is thrown away.

    The pipelines copy the scheduler for the sound. The copy shares the generator, so picture and sound draw in turn
    from one sequence, picture first, as in ltx-pipelines. A plain copy would draw the same numbers for both.

    LTX2ImageToVideoPipeline steps all but the pinned first frame. LTX2ConditionPipeline steps the pinned tokens too,
    which would noise them anew: `FramePlacingPipeline` says here which they are (`hold`).
    """

    sigmas: torch.Tensor
    timesteps: torch.Tensor

    def __init__(self, seed: int) -> None:
        super().__init__(eta=_ETA)
        self._noise = torch.Generator("cpu").manual_seed(seed + _SEED_OFFSET)
        self._held: torch.Tensor | None = None

    def hold(self, shares: torch.Tensor) -> None:
        """Noise tokens less, by their `shares` (B, tokens, 1) in 0 … 1, at every step; a share of 1 gets no noise.

        It is stepped as by Euler's method then, and a share between is mixed of both steps. The makers' own step
        noises all tokens; so ours is what a pinned picture needs to stay as it is.
        """
        self._held = shares

    @override
    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: str | torch.device | None = None,
        sigmas: list[float] | None = None,
        timesteps: list[float] | None = None,
        mu: float | None = None,
        **kwargs: object,
    ) -> None:
        """Run `sigmas` and 0 after them; `mu`, the shift of dynamic schedules, has no part in it.

        Raises:
            ValueError: no sigmas are given; there is no other schedule here.
        """
        if sigmas is None:
            message = "Ancestral sampling runs a given list of sigmas"
            raise ValueError(message)
        super().set_timesteps(device=device, sigmas=[*sigmas, 0.0])
        self.timesteps = self.timesteps[:-1]

    @override
    def step(
        self,
        model_output: torch.Tensor,
        timestep: float | torch.Tensor,
        sample: torch.Tensor,
        generator: torch.Generator | None = None,
        return_dict: bool = True,
    ) -> Any:
        (stepped,) = super().step(model_output, timestep, sample, generator or self._noise, return_dict=False)
        if self._held is not None:
            sigma, following = self.sigmas[self.step_index - 1], self.sigmas[self.step_index]
            plain = sample + (following - sigma) * model_output
            stepped = self._held * plain + (1 - self._held) * stepped
        return LTXEulerAncestralRFSchedulerOutput(prev_sample=stepped) if return_dict else (stepped,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy with a state of its own that draws from the same generator, and holds nothing."""
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        memo[id(self._noise)] = self._noise
        twin.__dict__.update(deepcopy(self.__dict__, memo), _held=None)
        return twin
