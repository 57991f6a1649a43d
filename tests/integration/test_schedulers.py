"""The schedulers inside the real pipelines: which sigmas the transformer sees, whose noise is drawn."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTX2ImageToVideoPipeline, LTX2Pipeline
from PIL import Image

from adapters.video_model.diffusers.frame_placing import FramePlacingPipeline, PlacedFrames
from adapters.video_model.diffusers.schedulers import ScheduleKind, scheduler_for
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from domain.schedule import DISTILLED_SIGMAS, REFINEMENT_SIGMAS

SCHEDULER = {  # as in Lightricks/LTX-2: a dev checkpoint's
    "use_dynamic_shifting": True,
    "base_shift": 0.95,
    "max_shift": 2.05,
    "base_image_seq_len": 1024,
    "max_image_seq_len": 4096,
    "shift_terminal": 0.1,
}
UNGUIDED = {
    "guidance_scale": 1.0,
    "stg_scale": 0.0,
    "modality_scale": 1.0,
    "guidance_rescale": 0.0,
    "audio_guidance_scale": 1.0,
    "audio_stg_scale": 0.0,
    "audio_modality_scale": 1.0,
    "audio_guidance_rescale": 0.0,
}


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    parts: dict[str, Any] = build_pipeline(CHECKPOINTS["builtin/tiny-2.3"]).components
    return parts


@pytest.fixture
def seen(components: dict[str, Any]) -> Iterator[list[float]]:
    """The sigmas that the transformer is called with: the last token's, as a pinned frame's are 0."""
    sigmas: list[float] = []

    def record(_: object, __: object, arguments: dict[str, Any]) -> None:
        sigmas.append(float(arguments["timestep"].flatten()[-1]) / 1000)

    handle = components["transformer"].register_forward_pre_hook(record, with_kwargs=True)
    yield sigmas
    handle.remove()


def prototype(**changes: object) -> FlowMatchEulerDiscreteScheduler:
    return FlowMatchEulerDiscreteScheduler(**{**SCHEDULER, **changes})


def generate(
    components: dict[str, Any], scheduler: object, pipeline_class: type[Any] = LTX2Pipeline, **arguments: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of picture and sound; the initial noise always comes from the same seed."""
    pipeline = pipeline_class(**{**components, "scheduler": scheduler})
    pipeline.set_progress_bar_config(disable=True)
    output = pipeline(
        prompt="a dog",
        height=64,
        width=64,
        num_frames=9,
        generator=torch.Generator().manual_seed(1),
        output_type="latent",
        **UNGUIDED,
        **arguments,
    )
    return output.frames, output.audio


def ancestral(components: dict[str, Any], seed: int, **arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
    scheduler = scheduler_for(prototype(), "ancestral", seed)
    return generate(components, scheduler, sigmas=list(DISTILLED_SIGMAS), **arguments)


@pytest.mark.parametrize("sigmas", [DISTILLED_SIGMAS, REFINEMENT_SIGMAS])
@pytest.mark.parametrize("kind", ["static", "ancestral"])
def test_the_transformer_sees_each_sigma_once_as_it_was_given(
    components: dict[str, Any], seen: list[float], kind: ScheduleKind, sigmas: tuple[float, ...]
) -> None:
    scheduler = scheduler_for(prototype(), kind, 3)
    generate(components, scheduler, sigmas=list(sigmas))
    assert seen == pytest.approx(sigmas, abs=1e-6)
    assert scheduler.sigmas.tolist() == pytest.approx([*sigmas, 0.0], abs=1e-7)


def test_the_checkpoints_own_schedule_is_shifted_and_ends_at_its_terminal_sigma(
    components: dict[str, Any], seen: list[float]
) -> None:
    generate(components, scheduler_for(prototype(), "dynamic", None), num_inference_steps=4)
    assert len(seen) == 4
    assert seen[0] == pytest.approx(1.0)
    assert seen[-1] == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"use_dynamic_shifting": False, "shift_terminal": None},
        {"use_dynamic_shifting": False, "shift": 3.0},
        {"use_karras_sigmas": True},
        {"use_exponential_sigmas": True},
        {"invert_sigmas": True},
        {"shift_terminal": 0.3},
    ],
)
def test_nothing_in_a_checkpoints_configuration_changes_given_sigmas(odd: dict[str, object]) -> None:
    scheduler = scheduler_for(prototype(**odd), "static")
    scheduler.set_timesteps(sigmas=list(REFINEMENT_SIGMAS), mu=1.7, device="cpu")
    assert scheduler.sigmas.tolist() == pytest.approx([*REFINEMENT_SIGMAS, 0.0])


def test_a_static_run_draws_no_noise() -> None:
    scheduler = scheduler_for(prototype(stochastic_sampling=True), "static")
    scheduler.set_timesteps(sigmas=[1.0, 0.5], device="cpu")
    state = torch.random.get_rng_state()
    scheduler.step(torch.zeros(1, 4), scheduler.timesteps[0], torch.zeros(1, 4))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_static_checkpoint_has_no_dynamic_schedule() -> None:
    with pytest.raises(ValueError, match="no dynamic schedule"):
        scheduler_for(prototype(use_dynamic_shifting=False), "dynamic")


def test_ancestral_noise_needs_a_seed_and_given_sigmas() -> None:
    with pytest.raises(ValueError, match="seed"):
        scheduler_for(prototype(), "ancestral")
    with pytest.raises(ValueError, match="given list of sigmas"):
        scheduler_for(prototype(), "ancestral", 1).set_timesteps(4)


@pytest.mark.parametrize("kind", ["dynamic", "static", "ancestral"])
def test_each_call_gives_a_scheduler_of_its_own_and_leaves_the_checkpoints_alone(kind: ScheduleKind) -> None:
    own = prototype()
    before = copy.deepcopy(dict(own.config))
    first, second = scheduler_for(own, kind, 1), scheduler_for(own, kind, 1)
    first.set_timesteps(sigmas=[1.0, 0.5], mu=1.0, device="cpu")
    first.step(torch.zeros(1), first.timesteps[0], torch.zeros(1))
    assert first is not second
    assert second.step_index is own.step_index is None
    assert dict(own.config) == before


def test_ancestral_noise_is_the_jobs_own(components: dict[str, Any]) -> None:
    clips = []
    for global_seed in (1, 2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(global_seed)
            state = torch.random.get_rng_state()
            clips.append(ancestral(components, seed=7))
            assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(clips[0][0], clips[1][0])
    assert torch.equal(clips[0][1], clips[1][1])
    other = ancestral(components, seed=8)
    assert not torch.allclose(other[0], clips[0][0], atol=0.1)


def test_picture_and_sound_draw_in_turn_from_the_makers_generator() -> None:
    """ltx-pipelines: one generator seeded with the job's seed + 10000; at each step the picture's noise, then the
    sound's; none at the last."""
    picture = scheduler_for(prototype(), "ancestral", 7)
    sound = copy.deepcopy(picture)
    noise: dict[str, list[torch.Tensor]] = {"picture": [], "sound": []}
    for scheduler in (sound, picture):  # the order of the pipelines
        scheduler.set_timesteps(sigmas=[1.0, 0.75, 0.5], device="cpu")
        scheduler.set_begin_index(0)
    for timestep in picture.timesteps:
        for name, scheduler in (("picture", picture), ("sound", sound)):
            zero = torch.zeros(1, 4, 2)
            noise[name].append(scheduler.step(zero, timestep, zero, return_dict=False)[0])
    generator = torch.Generator().manual_seed(10_007)
    for step, sigma_next, sigma in ((0, 0.75, 1.0), (1, 0.5, 0.75)):
        down = sigma_next * sigma_next / sigma
        scale = (sigma_next**2 - down**2 * (1 - sigma_next) ** 2 / (1 - down) ** 2) ** 0.5
        for name in ("picture", "sound"):
            expected = torch.randn(1, 4, 2, generator=generator) * scale
            torch.testing.assert_close(noise[name][step], expected, atol=1e-5, rtol=1e-5)
    assert not noise["picture"][2].any()
    assert not noise["sound"][2].any()


def test_the_first_frame_of_an_image_stays_pinned(components: dict[str, Any], seen: list[float]) -> None:
    image = Image.new("RGB", (64, 64), (200, 60, 20))
    latents = [
        ancestral(components, seed, pipeline_class=LTX2ImageToVideoPipeline, image=image, image_crf=0)[0]
        for seed in (7, 8)
    ]
    assert torch.equal(latents[0][:, :, 0], latents[1][:, :, 0])
    assert not torch.allclose(latents[0][:, :, 1:], latents[1][:, :, 1:], atol=0.1)
    assert seen == pytest.approx([*DISTILLED_SIGMAS, *DISTILLED_SIGMAS], abs=1e-6)


def test_pinned_tokens_stay_as_they_are_among_appended_ones(components: dict[str, Any]) -> None:
    """What holds a frame is no less exact under ancestral noise than under Euler's method."""
    image = np.full((1, 64, 64, 3), (200, 60, 20), np.uint8)

    def first_frame(seed: int, strength: float) -> tuple[torch.Tensor, torch.Tensor]:
        placed = [PlacedFrames(pixels=image, frame=frame, strength=strength) for frame in (0, 5)]
        latents = ancestral(components, seed, pipeline_class=FramePlacingPipeline, conditions=placed)[0]
        return latents[:, :, 0], latents[:, :, 1:]

    (pinned, free), (again, other) = first_frame(7, 1.0), first_frame(8, 1.0)
    assert torch.equal(pinned, again)
    assert not torch.allclose(free, other, atol=0.1)
    weak, strong = first_frame(7, 0.5)[0], first_frame(7, 0.95)[0]
    assert 0 < (strong - pinned).abs().mean() < (weak - pinned).abs().mean()
