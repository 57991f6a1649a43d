"""Which stages a preset has on a checkpoint."""

import attrs
import pytest

from domain.families import LTX_2, LTX_2_3, LTX_2_5, Family
from domain.guidance import GUIDANCE_OFF, Guidance, text_rows
from domain.profile import Checkpoint
from domain.recipes import PRESETS, Preset, Stage, fewest_steps, recipe_for
from domain.schedule import DISTILLED_SIGMAS, REFINEMENT_SIGMAS, AnchoredSchedule, DynamicSchedule, FixedSchedule

DEV = Checkpoint(family=LTX_2_3, is_distilled=False, has_upsampler=True, distilled_lora_bytes=0)
DISTILLED = Checkpoint(family=LTX_2_5, is_distilled=True, has_upsampler=True)


def _scales(guidance: Guidance) -> tuple[float, float, float, float]:
    return guidance.guidance_scale, guidance.stg_scale, guidance.modality_scale, guidance.rescale


def forwards_per_step(video: Guidance, audio: Guidance) -> int:
    """As diffusers counts: the prompts together, then one pass each for STG and for isolated modalities."""
    has_stg = video.stg_scale > 0 or audio.stg_scale > 0
    has_isolation = video.modality_scale > 1 or audio.modality_scale > 1
    return 1 + has_stg + has_isolation


def _forwards(stages: tuple[Stage, ...]) -> list[tuple[int, int]]:
    """Forward passes and rows of each stage."""
    return [
        (forwards_per_step(stage.video, stage.audio) * stage.schedule.steps, text_rows(stage.video, stage.audio))
        for stage in stages
    ]


@pytest.mark.parametrize(("family", "steps"), [(LTX_2, 40), (LTX_2_3, 30), (LTX_2_5, 30)])
def test_official_on_a_dev_checkpoint_is_the_makers_recipe(family: Family, steps: int) -> None:
    (stage,) = recipe_for(attrs.evolve(DEV, family=family), "official").stages
    assert stage.schedule == AnchoredSchedule(steps)
    assert _scales(stage.video) == (3.0, 1.0, 3.0, 0.7)
    assert _scales(stage.audio) == (7.0, 1.0, 3.0, 0.7)


def test_standard_is_the_default_and_the_apis_table() -> None:
    recipe = recipe_for(DEV, None)
    assert recipe == recipe_for(DEV, "standard")
    (stage,) = recipe.stages
    assert stage.schedule == DynamicSchedule(30)
    assert _scales(stage.video) == _scales(stage.audio) == (7.0, 1.0, 3.0, 0.7)


def test_without_perturbed_attention_no_pass_is_spent_on_it() -> None:
    plain = attrs.evolve(DEV, has_perturbed_attention=False)
    for preset in PRESETS:
        assert [stage.video.stg_scale for stage in recipe_for(plain, preset).stages] == [0.0] * len(
            recipe_for(plain, preset).stages
        )
    assert _forwards(recipe_for(DEV, "official").stages) == [(90, 2)]
    assert _forwards(recipe_for(plain, "official").stages) == [(60, 2)]


def test_fast_on_a_dev_checkpoint_is_one_pass_a_step_for_half_the_steps() -> None:
    assert _forwards(recipe_for(DEV, "fast").stages) == [(15, 2)]


def test_quality_on_a_dev_checkpoint_refines_with_the_distilled_lora() -> None:
    base, refine = recipe_for(DEV, "quality").stages
    (official,) = recipe_for(DEV, "official").stages
    assert base == attrs.evolve(official, divisor=2)
    assert (refine.name, refine.schedule, refine.divisor) == ("refine", FixedSchedule(REFINEMENT_SIGMAS), 1)
    assert (base.needs_distilled_lora, refine.needs_distilled_lora) == (False, True)
    assert refine.video == refine.audio == GUIDANCE_OFF


@pytest.mark.parametrize("preset", ["fast", "standard", None])
def test_a_distilled_checkpoint_runs_eight_plain_steps(preset: Preset | None) -> None:
    (stage,) = recipe_for(DISTILLED, preset).stages
    assert stage.schedule == FixedSchedule(DISTILLED_SIGMAS)
    assert (stage.video, stage.audio, stage.sampler) == (GUIDANCE_OFF, GUIDANCE_OFF, "euler")


@pytest.mark.parametrize(
    ("family", "preset", "sampler"),
    [
        (LTX_2_5, "quality", "euler"),
        (LTX_2_5, "official", "ancestral"),
        (LTX_2_3, "official", "euler"),
        (LTX_2, "official", "euler"),
    ],
)
def test_a_distilled_checkpoint_in_two_stages(family: Family, preset: Preset, sampler: str) -> None:
    recipe = recipe_for(attrs.evolve(DISTILLED, family=family), preset)
    base, refine = recipe.stages
    assert recipe.divisor == base.divisor == 2
    assert (base.schedule.sigmas, refine.schedule.sigmas) == (DISTILLED_SIGMAS, REFINEMENT_SIGMAS)
    assert (base.sampler, refine.sampler) == (sampler, "euler")
    assert not refine.needs_distilled_lora
    assert _forwards(recipe.stages) == [(8, 1), (3, 1)]


def test_only_a_dev_checkpoint_has_a_floor_of_steps() -> None:
    assert (fewest_steps(DEV), fewest_steps(DISTILLED)) == (2, None)


def test_either_modality_makes_a_second_row_necessary() -> None:
    guided = attrs.evolve(GUIDANCE_OFF, guidance_scale=3.0, stg_scale=1.0, modality_scale=3.0)
    for video, audio in ((guided, GUIDANCE_OFF), (GUIDANCE_OFF, guided), (guided, guided)):
        assert text_rows(video, audio) == 2
    assert text_rows(GUIDANCE_OFF, GUIDANCE_OFF) == 1
