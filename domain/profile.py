"""What a checkpoint is and how it should be run: families, recipes, limits. Data only.

Values are those of Lightricks' own packages (ltx-pipelines 1.2.0, `constants.py`, github.com/Lightricks/LTX-2)
unless a line says otherwise.
"""

from typing import Final

import attrs

from domain.grid import Grid

DISTILLED_SIGMAS: Final = (1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875)
"""`DISTILLED_SIGMA_VALUES` of ltx-pipelines and diffusers; the scheduler appends the final 0."""


@attrs.frozen(kw_only=True)
class Guidance:
    """The four guidance scales of one modality, as `LTX2Pipeline` takes them."""

    guidance_scale: float
    stg_scale: float
    modality_scale: float
    rescale: float


GUIDANCE_OFF: Final = Guidance(guidance_scale=1.0, stg_scale=0.0, modality_scale=1.0, rescale=0.0)


@attrs.frozen(kw_only=True)
class Recipe:
    """How a checkpoint samples when the request does not say otherwise."""

    steps: int
    min_steps: int
    video: Guidance
    audio: Guidance
    sigmas: tuple[float, ...] | None = None
    """An exact list, run as it is by a static scheduler, or None: the checkpoint's own dynamic schedule."""

    @property
    def is_distilled(self) -> bool:
        return self.sigmas is not None


@attrs.frozen(kw_only=True)
class Family:
    """One generation of LTX-2. All of them run on the same diffusers classes."""

    name: str
    has_perturbed_attention: bool
    """Without it a pass of spatio-temporal guidance costs a full forward and changes nothing (2.0)."""
    stg_block: int
    use_cross_timestep: bool
    image_crf: int
    """H.264 CRF at which an input picture is re-compressed, as in training; without it i2v freezes."""


LTX_2: Final = Family(name="ltx-2", has_perturbed_attention=False, stg_block=29, use_cross_timestep=False, image_crf=33)
LTX_2_3: Final = Family(
    name="ltx-2.3", has_perturbed_attention=True, stg_block=28, use_cross_timestep=True, image_crf=33
)
LTX_2_5: Final = Family(
    name="ltx-2.5", has_perturbed_attention=True, stg_block=28, use_cross_timestep=True, image_crf=18
)


def dev_recipe(family: Family) -> Recipe:
    """The API's defaults on a dev checkpoint: 30 steps, guidance 7.0 (the README's table).

    Audio guidance, STG, modality and rescale are the makers' (3, 1, 3, 0.7 with audio guidance 7). Two steps
    at least: with one, diffusers' shift to the terminal sigma divides by zero and every frame is NaN.
    """
    stg = 1.0 if family.has_perturbed_attention else 0.0
    scales = Guidance(guidance_scale=7.0, stg_scale=stg, modality_scale=3.0, rescale=0.7)
    return Recipe(steps=30, min_steps=2, video=scales, audio=scales)


def distilled_recipe() -> Recipe:
    """Eight fixed sigmas, one forward pass each, no guidance."""
    return Recipe(
        steps=len(DISTILLED_SIGMAS), min_steps=1, video=GUIDANCE_OFF, audio=GUIDANCE_OFF, sigmas=DISTILLED_SIGMAS
    )


@attrs.frozen(kw_only=True)
class ModelIdentity:
    """Which checkpoint made a clip. `family` is the family's name."""

    name: str
    revision: str
    family: str


@attrs.frozen(kw_only=True)
class ModelProfile:
    """The loaded checkpoint, as far as planning and the reply need it."""

    name: str
    revision: str
    family: Family
    recipe: Recipe
    device: str
    """The GPU's model, or "cpu"."""
    grid: Grid = Grid()
    transformer_layers: int = 48
    """Blocks of the transformer. A tiny checkpoint has two: an STG block beyond the last is ignored silently."""

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(name=self.name, revision=self.revision, family=self.family.name)

    @property
    def has_gpu(self) -> bool:
        return self.device != "cpu"
