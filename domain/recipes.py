"""How a checkpoint is run: which stages, on which sigmas, with which guidance. Data, and the choice among it.

Values are those of Lightricks' own packages (ltx-pipelines 1.2.0, `constants.py`, github.com/Lightricks/LTX-2)
unless a line says otherwise.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

import attrs

from domain.guidance import GUIDANCE_OFF, Guidance, text_rows
from domain.needs import DISTILLED_LORA, UPSAMPLER, Need, lacking
from domain.profile import Checkpoint
from domain.schedule import (
    DISTILLED_SIGMAS,
    FEWEST_SHIFTED_STEPS,
    REFINEMENT_SIGMAS,
    AnchoredSchedule,
    DynamicSchedule,
    FixedSchedule,
    Schedule,
)

Preset = Literal["official", "fast", "standard", "quality"]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)
DEFAULT_PRESET: Final[Preset] = "standard"

Sampler = Literal["euler", "ancestral"]

_FAST_STEPS: Final = 15
"""The makers' HQ preset takes 15 steps on a dev checkpoint, with a better sampler than diffusers has."""


@attrs.frozen(kw_only=True)
class Stage:
    """One denoising run over the whole clip."""

    name: Literal["base", "refine"]
    schedule: Schedule
    video: Guidance
    audio: Guidance
    sampler: Sampler = "euler"
    divisor: int = 1
    """By how much its picture is smaller than the finished one, in each direction."""
    needs_distilled_lora: bool = False

    @property
    def rows(self) -> int:
        """Rows of the transformer's batch."""
        return text_rows(self.video, self.audio)


@attrs.frozen(kw_only=True)
class Recipe:
    """The stages of a preset, in order. Between two of them the latents are upsampled by the divisors' ratio."""

    preset: Preset
    stages: tuple[Stage, ...]

    @property
    def divisor(self) -> int:
        return self.stages[0].divisor


def recipe_for(checkpoint: Checkpoint, preset: Preset | None) -> Recipe:
    """The recipe that `preset` names on this checkpoint; None is the default, `standard`.

    Whether the checkpoint has the parts that it needs is a question of `preset_needs`.
    """
    name = preset or DEFAULT_PRESET
    stages = (_DISTILLED if checkpoint.is_distilled else _DEV)[name](checkpoint)
    return Recipe(preset=name, stages=stages)


def upscaled_recipe(recipe: Recipe, checkpoint: Checkpoint) -> Recipe:
    """`recipe` at half the size, and a refinement at the whole: what `quality` adds to a run, for every preset."""
    halved = (attrs.evolve(stage, divisor=2 * stage.divisor) for stage in recipe.stages)
    return attrs.evolve(recipe, stages=(*halved, _refine(checkpoint)))


def refinement_needs(checkpoint: Checkpoint) -> tuple[Need, ...]:
    """What the upsampling and refining of latents needs on a checkpoint of this kind, dev or distilled."""
    return (UPSAMPLER,) if checkpoint.is_distilled else (UPSAMPLER, DISTILLED_LORA)


def available_presets(checkpoint: Checkpoint) -> tuple[Preset, ...]:
    """The presets that the checkpoint has all parts for."""
    return tuple(preset for preset in PRESETS if not lacking(checkpoint, preset_needs(checkpoint, preset)))


def preset_needs(checkpoint: Checkpoint, preset: Preset) -> tuple[Need, ...]:
    """What the preset needs on a checkpoint of this kind, dev or distilled."""
    two_stages = preset == "quality" or (preset == "official" and checkpoint.is_distilled)
    return refinement_needs(checkpoint) if two_stages else ()


def fewest_steps(checkpoint: Checkpoint) -> int | None:
    """The least number of steps that a request may ask for; None: they are fixed."""
    return None if checkpoint.is_distilled else FEWEST_SHIFTED_STEPS


def _guided(checkpoint: Checkpoint, guidance_scale: float) -> Guidance:
    """The makers' set beside a guidance scale: STG 1, modality 3, rescale 0.7."""
    stg_scale = 1.0 if checkpoint.has_perturbed_attention else 0.0
    return Guidance(guidance_scale=guidance_scale, stg_scale=stg_scale, modality_scale=3.0, rescale=0.7)


def _unguided(schedule: Schedule, *, divisor: int = 1, sampler: Sampler = "euler") -> Stage:
    return Stage(
        name="base", schedule=schedule, video=GUIDANCE_OFF, audio=GUIDANCE_OFF, divisor=divisor, sampler=sampler
    )


def _refine(checkpoint: Checkpoint) -> Stage:
    return Stage(
        name="refine",
        schedule=FixedSchedule(REFINEMENT_SIGMAS),
        video=GUIDANCE_OFF,
        audio=GUIDANCE_OFF,
        needs_distilled_lora=not checkpoint.is_distilled,
    )


def _dev_standard(checkpoint: Checkpoint) -> tuple[Stage, ...]:
    """The API's defaults: 30 steps, guidance 7.0 (the README's table), the rest as the makers have it."""
    scales = _guided(checkpoint, 7.0)
    return (Stage(name="base", schedule=DynamicSchedule(30), video=scales, audio=scales),)


def _dev_official(checkpoint: Checkpoint) -> tuple[Stage, ...]:
    """TI2VidOneStage of ltx-pipelines."""
    return (
        Stage(
            name="base",
            schedule=AnchoredSchedule(checkpoint.family.official_steps),
            video=_guided(checkpoint, 3.0),
            audio=_guided(checkpoint, 7.0),
        ),
    )


def _dev_fast(_: Checkpoint) -> tuple[Stage, ...]:
    """Ours: half the default's steps, and of the guidance only the prompt's: one pass of two rows for four rows."""
    text_only = attrs.evolve(GUIDANCE_OFF, guidance_scale=3.0)
    sound = attrs.evolve(GUIDANCE_OFF, guidance_scale=7.0)
    return (Stage(name="base", schedule=DynamicSchedule(_FAST_STEPS), video=text_only, audio=sound),)


def _dev_quality(checkpoint: Checkpoint) -> tuple[Stage, ...]:
    """TI2VidTwoStages: the official run at half size, then the distilled LoRA refines what was upsampled."""
    (base,) = _dev_official(checkpoint)
    return attrs.evolve(base, divisor=2), _refine(checkpoint)


def _distilled_fast(_: Checkpoint) -> tuple[Stage, ...]:
    return (_unguided(FixedSchedule(DISTILLED_SIGMAS)),)


def _distilled_quality(checkpoint: Checkpoint) -> tuple[Stage, ...]:
    return _unguided(FixedSchedule(DISTILLED_SIGMAS), divisor=2), _refine(checkpoint)


def _distilled_official(checkpoint: Checkpoint) -> tuple[Stage, ...]:
    """DistilledPipeline, which the makers recommend."""
    sampler: Sampler = "ancestral" if checkpoint.family.ancestral_base else "euler"
    return _unguided(FixedSchedule(DISTILLED_SIGMAS), divisor=2, sampler=sampler), _refine(checkpoint)


_Stages = Callable[[Checkpoint], tuple[Stage, ...]]
_DEV: Final[Mapping[Preset, _Stages]] = {
    "official": _dev_official,
    "fast": _dev_fast,
    "standard": _dev_standard,
    "quality": _dev_quality,
}
_DISTILLED: Final[Mapping[Preset, _Stages]] = {
    "official": _distilled_official,
    "fast": _distilled_fast,
    "standard": _distilled_fast,
    "quality": _distilled_quality,
}
