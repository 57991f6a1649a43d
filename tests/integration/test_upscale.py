"""`upscale` and `motion_speed` on the tiny checkpoints: what runs, how large the clip is, and that both change it."""

import shutil
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.conditions import FramePosition
from domain.errors import InvalidInput
from domain.geometry import FrameCount, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.recipes import Preset
from domain.requests import (
    GenerationRequest,
    ImageToVideo,
    InlineImage,
    Keyframe,
    KeyframesToVideo,
    Prompt,
    TextToVideo,
)
from domain.sampling import MotionSpeed, Seed, Steps
from domain.upscaling import Upscale
from tests.support.tiny import tiny_config, tiny_model
from tests.support.watched_transformer import watched

NAMES = ("builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5")
MODELS: dict[str, DiffusersModel] = {}
PLAIN = TextToVideo(prompt=Prompt("a dog"), preset="fast", width=Side(66), height=Side(130), num_frames=FrameCount(9))
IMAGE = InlineImage("-")
REQUESTS: dict[str, GenerationRequest] = {
    "t2v": PLAIN,
    "i2v": ImageToVideo(image=IMAGE, **{field.name: getattr(PLAIN, field.name) for field in attrs.fields(TextToVideo)}),
    "keyframes": KeyframesToVideo(
        keyframes=tuple(Keyframe(image=IMAGE, frame=FramePosition(frame)) for frame in (0, 5)),
        **{field.name: getattr(PLAIN, field.name) for field in attrs.fields(TextToVideo)},
    ),
}


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, hub_cache: Path) -> DiffusersModel:
    return MODELS.setdefault(request.param, tiny_model(hub_cache, request.param))


def planned(model: DiffusersModel, request: GenerationRequest, **changes: Any) -> GenerationPlan:
    steps = None if model.profile().checkpoint.is_distilled else Steps(2)
    return plan(attrs.evolve(request, steps=steps, **changes), model.profile(), Limits(), Seed(7))


def made(
    model: DiffusersModel, job: GenerationPlan, colour: tuple[int, int, int] = (255, 0, 0)
) -> np.ndarray[Any, Any]:
    picture = Picture(Resolution(132, 260), memoryview(bytes(colour) * (132 * 260)))
    inputs = GenerationInputs(pictures=(picture,) * len(job.conditions))
    with model.generate(job, inputs, JobControl()) as clip:
        size = clip.geometry.resolution
        return np.frombuffer(b"".join(clip.chunks), np.uint8).reshape(clip.geometry.frames, size.height, size.width, 3)


@pytest.mark.parametrize("preset", ["fast", "quality"])
def test_a_refinement_at_twice_the_size_comes_last(model: DiffusersModel, preset: Preset) -> None:
    """66x130 is generated on a grid of 96x160: 15 latents; in two stages on 128x192: 6, then 24."""
    job = planned(model, PLAIN, preset=preset, upscale=Upscale(2))
    alone = planned(model, PLAIN, preset=preset)
    with watched(model) as plain:
        made(model, alone)
    with watched(model) as seen:
        frames = made(model, job)

    assert frames.shape == (9, 260, 132, 3)
    assert seen[: len(plain)] == plain
    added = seen[len(plain) :]
    assert [forward.sigma for forward in added] == pytest.approx([0.909375, 0.725, 0.421875], abs=1e-6)
    assert {(forward.rows, forward.tokens) for forward in added} == {(1, 2 * (60 if preset == "fast" else 96))}
    assert {forward.loras for forward in added} == {0 if model.profile().checkpoint.is_distilled else 1}
    first = [forward.tokens for forward in plain if forward.tokens < 48]
    assert set(first) == {30 if preset == "fast" else 12}


def test_the_clip_is_another_one_than_a_plain_one_of_its_size(model: DiffusersModel) -> None:
    upscaled = made(model, planned(model, PLAIN, upscale=Upscale(2)))
    plain = made(model, planned(model, PLAIN, width=Side(132), height=Side(260)))
    assert upscaled.shape == plain.shape
    assert not np.array_equal(upscaled, plain)


@pytest.mark.parametrize("mode", ["i2v", "keyframes"])
def test_pictures_hold_the_larger_clip_too(model: DiffusersModel, mode: str) -> None:
    job = planned(model, REQUESTS[mode], upscale=Upscale(2))
    encoder, shapes = model._ready().components.by_name["vae"].encoder, []
    handle = encoder.register_forward_pre_hook(lambda _, arguments: shapes.append(tuple(arguments[0].shape[-2:])))
    red = made(model, job)
    handle.remove()
    count = len(job.conditions)
    assert shapes == [(160, 96)] * count + [(320, 192)] * count
    blue = made(model, job, (0, 0, 255))
    assert red.shape == (9, 260, 132, 3)
    assert np.abs(red[0].astype(int) - blue[0]).mean() > 1


def test_without_an_upsampler_it_is_refused(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "bare"
    shutil.copytree(locate(tiny_config(hub_cache)).path, snapshot, ignore=shutil.ignore_patterns("latent_upsampler"))
    bare = DiffusersModel(attrs.evolve(tiny_config(hub_cache), path=snapshot))
    with pytest.raises(InvalidInput) as refused:
        plan(attrs.evolve(PLAIN, upscale=Upscale(2)), bare.describe(), Limits(), Seed(7))
    assert [fault.path for fault in refused.value.faults] == ["upscale"]
    assert "needs a latent upsampler, which" in refused.value.faults[0].message


@pytest.mark.parametrize("mode", list(REQUESTS))
def test_motion_speed_changes_the_clip_in_each_mode(model: DiffusersModel, mode: str) -> None:
    plain = made(model, planned(model, REQUESTS[mode]))
    slow = made(model, planned(model, REQUESTS[mode], motion_speed=MotionSpeed(0.5)))
    assert slow.shape == plain.shape
    assert not np.array_equal(slow, plain)
    assert np.array_equal(plain, made(model, planned(model, REQUESTS[mode], motion_speed=MotionSpeed(1))))
