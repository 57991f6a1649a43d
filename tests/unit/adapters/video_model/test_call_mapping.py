"""What diffusers is called with, value by value: each of these was once a silent mistake of somebody."""

from fractions import Fraction

import attrs
import pytest

from adapters.video_model.diffusers.call_mapping import PipelineCall, map_call
from domain.geometry import FrameCount, FrameRate, Side
from domain.plan import GenerationPlan, Limits, plan
from domain.profile import LTX_2, LTX_2_3, LTX_2_5, Family, ModelProfile, Recipe, dev_recipe, distilled_recipe
from domain.requests import GenerationRequest, ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import GuidanceScale, Seed, Steps

SCALES = ("guidance_scale", "stg_scale", "modality_scale", "guidance_rescale")


def profile(family: Family, recipe: Recipe) -> ModelProfile:
    return ModelProfile(name="m", revision="r", family=family, recipe=recipe, device="cpu")


def planned(request: GenerationRequest, family: Family = LTX_2, recipe: Recipe | None = None) -> GenerationPlan:
    return plan(request, profile(family, recipe or dev_recipe(family)), Limits(), Seed(1))


def call(request: GenerationRequest, family: Family = LTX_2, recipe: Recipe | None = None) -> PipelineCall:
    return map_call(planned(request, family, recipe))


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
        arguments={
            "prompt": "a dog",
            "negative_prompt": "blur",
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


def test_a_missing_negative_prompt_is_an_empty_one() -> None:
    assert call(TextToVideo(prompt=Prompt("a"))).arguments["negative_prompt"] == ""


@pytest.mark.parametrize(("family", "block"), [(LTX_2_3, 28), (LTX_2_5, 28)])
def test_later_families_guide_one_block_and_use_the_cross_timestep(family: Family, block: int) -> None:
    arguments = call(TextToVideo(prompt=Prompt("a")), family).arguments
    assert arguments["spatio_temporal_guidance_blocks"] == [block]
    assert arguments["stg_scale"] == arguments["audio_stg_scale"] == 1.0
    assert arguments["use_cross_timestep"] is True


def test_an_stg_block_beyond_the_last_layer_becomes_the_last_layer() -> None:
    small = attrs.evolve(profile(LTX_2_3, dev_recipe(LTX_2_3)), transformer_layers=2)
    arguments = map_call(plan(TextToVideo(prompt=Prompt("a")), small, Limits(), Seed(1))).arguments
    assert arguments["spatio_temporal_guidance_blocks"] == [1]


def test_a_distilled_checkpoint_gets_its_sigmas_and_no_guidance_at_all() -> None:
    arguments = call(TextToVideo(prompt=Prompt("a")), LTX_2_5, distilled_recipe()).arguments
    assert arguments["sigmas"] == [1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875]
    assert "num_inference_steps" not in arguments
    assert [arguments[scale] for scale in SCALES] == [1.0, 0.0, 1.0, 0.0]
    assert [arguments[f"audio_{scale}"] for scale in SCALES] == [1.0, 0.0, 1.0, 0.0]


def test_an_audio_scale_of_zero_beside_a_video_scale_is_never_a_zero() -> None:
    """diffusers takes `audio or video`, so a plain zero would become the video's scale."""
    base = planned(TextToVideo(prompt=Prompt("a")), LTX_2_3)
    silent = attrs.evolve(base, audio=attrs.evolve(base.audio, stg_scale=0.0, rescale=0.0))
    arguments = map_call(silent).arguments
    assert arguments["audio_stg_scale"] == arguments["audio_guidance_rescale"] == 1e-9
    assert arguments["stg_scale"] == 1.0


@pytest.mark.parametrize(("family", "crf"), [(LTX_2, 33), (LTX_2_3, 33), (LTX_2_5, 18)])
def test_a_picture_is_compressed_as_in_training(family: Family, crf: int) -> None:
    request = ImageToVideo(prompt=Prompt("a"), image=InlineImage("QUJD"))
    mapped = call(request, family)
    assert mapped.kind == "LTX2ImageToVideoPipeline"
    assert mapped.arguments["image_crf"] == crf
