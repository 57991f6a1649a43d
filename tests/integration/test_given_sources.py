"""Clips and sounds in the latents of real classes: pinned, at their frame, in each stage that is to have them."""

import inspect
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from diffusers import LTX2DFRPipeline
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

from adapters.video_model.diffusers.conditioning import FittedInputs
from adapters.video_model.diffusers.frame_placing import PlacedFrames
from adapters.video_model.diffusers.frozen import FrozenScheduler
from adapters.video_model.diffusers.metering import Meter
from adapters.video_model.diffusers.pipelines import build_pipeline
from adapters.video_model.diffusers.rendering import Rendering
from adapters.video_model.diffusers.schedulers import scheduler_for
from adapters.video_model.diffusers.sound_encoding import encode_sound
from adapters.video_model.diffusers.stages import Latents
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.conditions import ClipCondition
from domain.plan import GenerationPlan
from domain.recipes import available_presets
from domain.schedule import DISTILLED_SIGMAS
from tests.contract.video_model_contract import make, plan_for
from tests.support.lora_files import linear_sizes, tensors_for, written
from tests.support.shown_sources import held, inputs_for, noisy_sound, pixels_of, reference, showing
from tests.support.tiny import tiny_model
from tests.support.watched_transformer import watched

NAMES = ("builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5")
UNGUIDED = {
    f"{prefix}{scale}": neutral
    for prefix in ("", "audio_")
    for scale, neutral in (("guidance_scale", 1), ("stg_scale", 0), ("modality_scale", 1), ("guidance_rescale", 0))
}
_MODELS: dict[str, DiffusersModel] = {}


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, hub_cache: Path) -> DiffusersModel:
    if request.param not in _MODELS:
        _MODELS[request.param] = tiny_model(hub_cache, request.param)
    return _MODELS[request.param]


def latents_of(model: DiffusersModel, plan: GenerationPlan, inputs: GenerationInputs) -> Latents:
    engine, control = model._ready(), JobControl()
    meter = Meter(control.clock, engine.device)
    given = FittedInputs.of(inputs, plan)
    rendering = Rendering(engine=engine, plan=plan, given=given, loras=(), control=control, meter=meter)
    with ExitStack() as job:
        rendering.denoise(job)
        return rendering._made


def encoded(model: DiffusersModel, pixels: Any) -> torch.Tensor:
    vae = model._ready().components.by_name["vae"]
    frames = torch.from_numpy(np.array(pixels)).float().permute(3, 0, 1, 2)[None] / 127.5 - 1
    with torch.no_grad():
        latents: torch.Tensor = vae.encode(frames).latent_dist.mode()
    return latents


def test_frames_held_from_the_first_on_are_pinned_and_others_are_not(model: DiffusersModel) -> None:
    planned = showing(plan_for(model, frames=25), held(9))
    inputs = inputs_for(planned)

    video = latents_of(model, planned, inputs).video
    expected = encoded(model, pixels_of(inputs.clips[0]))

    torch.testing.assert_close(video[:, :, :2], expected, rtol=0, atol=1e-5)
    assert (video[:, :, 2:] - expected[:, :, :1]).abs().mean() > 0.1


def test_a_clip_that_is_held_whole_stays_as_it_is_while_its_sound_is_made(model: DiffusersModel) -> None:
    for preset in available_presets(model.profile().checkpoint):
        planned = showing(plan_for(model, frames=17, preset=preset), held(17))
        made = [latents_of(model, planned, inputs_for(planned, seed)) for seed in (1, 2)]

        for seed, latents in zip((1, 2), made, strict=True):
            expected = encoded(model, FittedInputs.of(inputs_for(planned, seed), planned).clips[0])
            torch.testing.assert_close(latents.video, expected, rtol=0, atol=1e-5)
            assert torch.isfinite(latents.audio).all()
        assert not torch.equal(made[0].audio, made[1].audio)


def test_a_given_sound_stays_as_it_is_while_the_picture_is_made(model: DiffusersModel) -> None:
    for preset in available_presets(model.profile().checkpoint):
        planned = showing(plan_for(model, frames=17, preset=preset), sound=True)
        inputs = inputs_for(planned)
        assert inputs.sound is not None

        latents = latents_of(model, planned, inputs)

        heard = encode_sound(model._ready().components, inputs.sound, planned.canvas)
        torch.testing.assert_close(latents.audio, heard, rtol=0, atol=1e-6)
        assert torch.isfinite(latents.video).all()


def test_a_given_sound_changes_neither_schedule_nor_guidance(model: DiffusersModel) -> None:
    for preset in available_presets(model.profile().checkpoint):
        plain = plan_for(model, frames=9, preset=preset)
        planned = showing(plain, sound=True)
        with watched(model) as expected:
            make(model, plain)
        with watched(model) as forwards:
            make(model, planned, inputs_for(planned))

        assert forwards == expected


@pytest.mark.parametrize("picture", [False, True])
def test_a_frozen_sound_is_what_diffusers_own_pipeline_makes_of_it(model: DiffusersModel, picture: bool) -> None:
    """LTX2DFRPipeline holds sound too, without guidance and on a canvas of its own: 25 frames need no longer one."""
    components = model._ready().components
    planned = showing(plan_for(model, frames=25), held(9), sound=True)
    inputs = inputs_for(planned)
    assert inputs.sound is not None
    sound = encode_sound(components, inputs.sound, planned.canvas)
    clip = np.array(pixels_of(inputs.clips[0]))
    names = inspect.signature(LTX2DFRPipeline.__init__).parameters
    parts = {name: part for name, part in components.by_name.items() if name in names}
    prototype = components.by_name["scheduler"]
    theirs = LTX2DFRPipeline(**{**parts, "scheduler": scheduler_for(prototype, "static")})
    theirs.set_progress_bar_config(disable=True)
    ours = build_pipeline(
        components,
        "LTX2ConditionPipeline",
        scheduler=scheduler_for(prototype, "static"),
        connectors=components.by_name["connectors"],
        device="cpu",
        audio_scheduler=FrozenScheduler(),
    )
    ours.text_encoder, ours.tokenizer = (components.by_name[name] for name in ("text_encoder", "tokenizer"))

    def run(pipeline: Any, **arguments: Any) -> Any:
        return pipeline(
            prompt="a dog",
            width=64,
            height=64,
            num_frames=25,
            frame_rate=24.0,
            sigmas=list(DISTILLED_SIGMAS),
            audio_latents=sound,
            generator=torch.Generator().manual_seed(1),
            output_type="latent",
            **arguments,
        )

    expected = run(
        theirs,
        conditions=[LTX2VideoCondition(clip, 0, 1.0)] if picture else None,
        generate_slots=False,
        freeze_audio=True,
    )
    made = run(
        ours,
        conditions=[PlacedFrames(pixels=clip, frame=0, strength=1.0)] if picture else None,
        **UNGUIDED,
    )

    torch.testing.assert_close(made.frames, expected.frames, rtol=0, atol=1e-6)
    torch.testing.assert_close(made.audio, expected.audio, rtol=0, atol=1e-6)


@pytest.mark.parametrize("preset", ["standard", "quality"])
def test_the_transformer_is_told_the_very_frames(model: DiffusersModel, preset: Any) -> None:
    planned = showing(plan_for(model, frames=33, preset=preset), held(9), held(17, 13), held(1, 32))

    with watched(model) as forwards:
        make(model, planned, inputs_for(planned))

    assert {forward.appended for forward in forwards} == {((13.0, 21.0), (21.0, 29.0), (29.0, 37.0), (32.0, 33.0))}


@pytest.mark.parametrize("shown", [held(9, 8), reference(17)])
def test_of_strength_0_the_model_is_shown_nothing(model: DiffusersModel, shown: ClipCondition) -> None:
    plain = plan_for(model, frames=17)
    planned = showing(plain, attrs.evolve(shown, strength=0.0))
    with watched(model) as expected:
        make(model, plain)
    with watched(model) as forwards:
        make(model, planned, inputs_for(planned))

    assert forwards == expected


def test_a_reference_and_the_jobs_loras_are_for_the_first_stage(
    model: DiffusersModel, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine = model._ready()
    engine.shelf.clear()
    wrapped = linear_sizes(engine.components.by_name["transformer"])  # in the adapters of jobs before
    sizes = {name.removesuffix(".base_layer"): size for name, size in wrapped.items() if ".lora_" not in name}
    lora = written(tmp_path / "ink.safetensors", tensors_for(sizes, "transformer"))
    request.addfinalizer(engine.shelf.clear)
    planned = showing(plan_for(model, frames=17, preset="quality"), reference(17), held(1, 9))
    given = FittedInputs.of(inputs_for(planned), planned)
    control = JobControl()
    rendering = Rendering(
        engine=engine,
        plan=planned,
        given=given,
        loras=((lora, 1.0),),
        control=control,
        meter=Meter(control.clock, engine.device),
    )

    with watched(model) as forwards, ExitStack() as job:
        rendering.denoise(job)

    own = int(not engine.profile.checkpoint.is_distilled)
    small, large = (planned.canvas.resolution.pixels // 1024 // divisor for divisor in (4, 1))
    stages = {(forward.tokens, forward.loras) for forward in forwards}
    assert stages == {((3 + 1 + 3) * small, 1), ((3 + 1) * large, own)}


def test_what_the_plan_does_not_speak_of_is_refused(model: DiffusersModel) -> None:
    planned = showing(plan_for(model, frames=17), held(9), sound=True)
    inputs = inputs_for(planned)

    for wrong in (
        GenerationInputs(),
        attrs.evolve(inputs, sound=None),
        attrs.evolve(inputs, clips=()),
        attrs.evolve(inputs, sound=attrs.evolve(noisy_sound(planned.canvas), sampling_rate=48_000)),
        attrs.evolve(inputs, clips=(attrs.evolve(inputs.clips[0], frames=10),)),
    ):
        with pytest.raises(ValueError, match=r"the plan speaks|must"):
            make(model, planned, wrong)
