"""What diffusers is called with, value by value: each of these was once a silent mistake of somebody."""

from fractions import Fraction
from typing import Any

import attrs
import pytest

from adapters.video_model.diffusers.call_mapping import PipelineCall, map_call
from domain.conditions import ClipCondition, Crf, FramePosition, SoundCondition, Strength
from domain.families import LTX_2, LTX_2_3, LTX_2_5, Family
from domain.geometry import FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import (
    GenerationRequest,
    ImageToVideo,
    InlineImage,
    Keyframe,
    KeyframesToVideo,
    Prompt,
    TextToVideo,
)
from domain.sampling import GuidanceScale, MotionSpeed, Seed, Steps

SCALES = ("guidance_scale", "stg_scale", "modality_scale", "guidance_rescale")
TEXT = TextToVideo(prompt=Prompt("a"))
PICTURE = ImageToVideo(prompt=Prompt("a"), image=InlineImage("QUJD"))


def dev(family: Family, **changes: object) -> Checkpoint:
    fields = {
        "is_distilled": False,
        "has_perturbed_attention": family is not LTX_2,
        "has_upsampler": True,
        "distilled_lora_bytes": 0,
        **changes,
    }
    return Checkpoint(family=family, **fields)  # type: ignore[arg-type]  # flags, by name


def planned(request: GenerationRequest, checkpoint: Checkpoint) -> GenerationPlan:
    profile = ModelProfile(name="m", revision="r", checkpoint=checkpoint, device="cpu")
    return plan(request, profile, Limits(), Seed(1))


def calls(request: GenerationRequest, checkpoint: Checkpoint) -> list[PipelineCall]:
    made = planned(request, checkpoint)
    return [map_call(made, stage) for stage in made.stages]


def call(request: GenerationRequest, checkpoint: Checkpoint | None = None) -> PipelineCall:
    (only,) = calls(request, checkpoint or dev(LTX_2))
    return only


def test_the_whole_call_of_a_dev_checkpoint_of_2_0() -> None:
    request = TextToVideo(
        prompt=Prompt("a dog"),
        negative_prompt="blur",
        width=Side(500),
        height=Side(300),
        num_frames=FrameCount(50),
        fps=FrameRate(Fraction(24000, 1001)),
        steps=Steps(7),
        guidance=GuidanceScale(4.5),
    )
    assert call(request) == PipelineCall(
        kind="LTX2Pipeline",
        scheduler="dynamic",
        arguments={
            "width": 512,
            "height": 320,
            "num_frames": 57,
            "frame_rate": 24000 / 1001,
            "num_inference_steps": 7,
            "guidance_scale": 4.5,
            "stg_scale": 0.0,
            "modality_scale": 3.0,
            "guidance_rescale": 0.7,
            "audio_guidance_scale": 7.0,
            "audio_stg_scale": 0.0,
            "audio_modality_scale": 3.0,
            "audio_guidance_rescale": 0.7,
            "spatio_temporal_guidance_blocks": None,
            "use_cross_timestep": False,
            "output_type": "latent",
        },
    )


@pytest.mark.parametrize(("family", "block"), [(LTX_2_3, 28), (LTX_2_5, 28)])
def test_later_families_guide_one_block_and_use_the_cross_timestep(family: Family, block: int) -> None:
    arguments = call(TEXT, dev(family)).arguments
    assert arguments["spatio_temporal_guidance_blocks"] == [block]
    assert arguments["stg_scale"] == arguments["audio_stg_scale"] == 1.0
    assert arguments["use_cross_timestep"] is True


def test_an_stg_block_beyond_the_last_layer_becomes_the_last_layer() -> None:
    arguments = call(TEXT, dev(LTX_2_3, transformer_layers=2)).arguments
    assert arguments["spatio_temporal_guidance_blocks"] == [1]


def test_a_distilled_checkpoint_gets_its_sigmas_and_no_guidance_at_all() -> None:
    mapped = call(TEXT, dev(LTX_2_5, is_distilled=True))
    arguments = mapped.arguments
    assert mapped.scheduler == "static"
    assert arguments["sigmas"] == [1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875]
    assert "num_inference_steps" not in arguments
    assert [arguments[scale] for scale in SCALES] == [1.0, 0.0, 1.0, 0.0]
    assert [arguments[f"audio_{scale}"] for scale in SCALES] == [1.0, 0.0, 1.0, 0.0]


def test_an_audio_scale_of_zero_beside_a_video_scale_is_never_a_zero() -> None:
    """diffusers takes `audio or video`, so a plain zero would become the video's scale."""
    made = planned(TEXT, dev(LTX_2_3))
    (only,) = made.stages
    silent = attrs.evolve(only.stage, audio=attrs.evolve(only.stage.audio, stg_scale=0.0, rescale=0.0))
    arguments = map_call(made, attrs.evolve(only, stage=silent)).arguments
    assert arguments["audio_stg_scale"] == arguments["audio_guidance_rescale"] == 1e-9
    assert arguments["stg_scale"] == 1.0


@pytest.mark.parametrize(("family", "crf"), [(LTX_2, 33), (LTX_2_3, 33), (LTX_2_5, 18)])
def test_a_picture_is_compressed_as_in_training(family: Family, crf: int) -> None:
    mapped = call(PICTURE, dev(family))
    assert mapped.kind == "LTX2ImageToVideoPipeline"
    assert mapped.arguments["image_crf"] == crf


def test_two_stages_run_at_half_and_at_full_size() -> None:
    request = attrs.evolve(TEXT, preset="quality", width=Side(500), height=Side(300))
    base, refine = calls(request, dev(LTX_2_3))
    assert (base.kind, base.scheduler) == (refine.kind, refine.scheduler) == ("LTX2Pipeline", "static")
    assert (base.arguments["width"], base.arguments["height"]) == (256, 160)
    assert (refine.arguments["width"], refine.arguments["height"]) == (512, 320)
    assert len(base.arguments["sigmas"]) == 30
    assert "noise_scale" not in base.arguments
    assert refine.arguments["sigmas"] == [0.909375, 0.725, 0.421875]
    assert refine.arguments["noise_scale"] == 0.909375
    assert refine.arguments["guidance_scale"] == refine.arguments["audio_guidance_scale"] == 1.0


def test_a_refinement_is_conditioned_on_the_picture_anew() -> None:
    base, refine = calls(attrs.evolve(PICTURE, preset="quality"), dev(LTX_2_3))
    assert (base.kind, refine.kind) == ("LTX2ImageToVideoPipeline", "LTX2ConditionPipeline")


def test_a_picture_that_is_not_pinned_needs_the_condition_pipeline() -> None:
    weak = attrs.evolve(PICTURE, image_strength=Strength(0.5), image_crf=Crf(7), preset="quality")
    base, refine = calls(weak, dev(LTX_2_3))
    assert (base.kind, refine.kind) == ("LTX2ConditionPipeline", "LTX2ConditionPipeline")
    assert "image_crf" not in base.arguments
    assert call(attrs.evolve(PICTURE, image_crf=Crf(7))).arguments["image_crf"] == 7


def test_keyframes_condition_both_stages() -> None:
    keyframes = (Keyframe(image=InlineImage("-"), frame=FramePosition(0)),)
    request = KeyframesToVideo(prompt=Prompt("a"), keyframes=keyframes, preset="quality")
    base, refine = calls(request, dev(LTX_2_3))
    assert (base.kind, refine.kind) == ("LTX2ConditionPipeline", "LTX2ConditionPipeline")
    text = call(TEXT).arguments
    assert call(attrs.evolve(request, preset=None)).arguments == text


def test_the_makers_first_stage_of_2_5_is_ancestral() -> None:
    base, refine = calls(attrs.evolve(TEXT, preset="official"), dev(LTX_2_5, is_distilled=True))
    assert (base.scheduler, refine.scheduler) == ("ancestral", "static")


@pytest.mark.parametrize("request_", [TEXT, PICTURE])
def test_motion_speed_is_told_to_every_stage_unless_it_is_the_normal_one(request_: GenerationRequest) -> None:
    for checkpoint in (dev(LTX_2), dev(LTX_2_5, is_distilled=True)):
        asked = attrs.evolve(request_, preset="quality")
        slow = calls(attrs.evolve(asked, motion_speed=MotionSpeed(0.2)), checkpoint)
        plain = calls(attrs.evolve(asked, motion_speed=MotionSpeed(1)), checkpoint)
        assert [one.arguments.pop("motion_speed") for one in slow] == [0.2, 0.2]
        assert slow == plain


HELD = ClipCondition(role="held", first=0, frames=9)
REFERENCE = ClipCondition(role="reference", first=0, frames=49)
SOUND = SoundCondition(start=Fraction(0))


@pytest.mark.parametrize(
    ("shown", "base", "refine"),
    [
        ({"clips": (HELD,)}, "LTX2ConditionPipeline", "LTX2ConditionPipeline"),
        ({"sound": SOUND}, "LTX2ConditionPipeline", "LTX2ConditionPipeline"),
        ({"clips": (REFERENCE,)}, "LTX2InContextPipeline", "LTX2ConditionPipeline"),
        ({"clips": (HELD, REFERENCE), "sound": SOUND}, "LTX2InContextPipeline", "LTX2ConditionPipeline"),
        ({}, "LTX2Pipeline", "LTX2Pipeline"),
    ],
)
@pytest.mark.parametrize("mode", ["v2v", "extend", "retake", "a2v"])
def test_what_is_shown_decides_on_the_pipeline(mode: str, shown: dict[str, Any], base: str, refine: str) -> None:
    plain = planned(attrs.evolve(TEXT, preset="quality"), dev(LTX_2_3))
    asked = attrs.evolve(plain, mode=mode, **shown)
    found = [map_call(asked, stage) for stage in asked.stages]

    assert [call.kind for call in found] == [base, refine]
    assert [call.arguments for call in found] == [map_call(plain, stage).arguments for stage in plain.stages]


def test_a_first_frame_beside_a_sound_needs_the_condition_pipeline() -> None:
    asked = attrs.evolve(planned(PICTURE, dev(LTX_2)), mode="a2v", sound=SOUND)
    only = map_call(asked, asked.stages[0])
    assert only.kind == "LTX2ConditionPipeline"
    assert "image_crf" not in only.arguments
