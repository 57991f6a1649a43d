"""Frames doubled in latents, on the tiny checkpoint that has a temporal upsampler."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_model
from tests.support.watched_transformer import Forward, watched

MODELS: list[DiffusersModel] = []


@pytest.fixture
def model(hub_cache: Path) -> DiffusersModel:
    if not MODELS:
        MODELS.append(tiny_model(hub_cache, "builtin/tiny-2.3"))
    return MODELS[0]


def planned(model: DiffusersModel, frames: int, rounds: int) -> GenerationPlan:
    request = TextToVideo(
        prompt=Prompt("a dog"),
        preset="fast",
        steps=Steps(2),
        width=Side(66),
        height=Side(64),
        num_frames=FrameCount(frames),
        fps=FrameRate(Fraction(24000, 1001)),
    )
    plain = plan(request, model.profile(), Limits(), Seed(7))
    factor = 2**rounds
    rate = FrameRate(plain.output.frame_rate.rate * factor)
    output = ClipGeometry(plain.output.resolution, plain.output.frames * factor, rate)
    return attrs.evolve(plain, output=output, temporal_rounds=rounds)


def made(model: DiffusersModel, job: GenerationPlan) -> tuple[np.ndarray[Any, Any], bytes]:
    """Frames and sound."""
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        assert clip.geometry == job.output
        assert clip.audio is not None
        sound = bytes(clip.audio.samples.cast("B"))
        return np.frombuffer(b"".join(clip.chunks), np.uint8).reshape(-1, 64, 66, 3), sound


def test_only_a_checkpoint_with_the_folder_can(model: DiffusersModel, hub_cache: Path) -> None:
    assert model.describe().checkpoint.has_temporal_upsampler
    assert not tiny_model(hub_cache, "builtin/tiny").describe().checkpoint.has_temporal_upsampler


@pytest.mark.parametrize(("frames", "rounds", "again"), [(9, 1, 1), (9, 2, 3), (10, 1, 0), (10, 2, 0)])
def test_frames_and_rate_are_multiplied_and_nothing_else(
    model: DiffusersModel, frames: int, rounds: int, again: int
) -> None:
    """On the grid the frames behind the last one are missing, and it is shown again."""
    job, plain = planned(model, frames, rounds), planned(model, frames, 0)
    upsampled: list[tuple[int, ...]] = []
    upsampler = model._ready().components.by_name["temporal_upsampler"]
    handle = upsampler.register_forward_pre_hook(lambda _, arguments: upsampled.append(tuple(arguments[0].shape)))
    with watched(model) as seen:
        pictures, sound = made(model, job)
    handle.remove()
    with watched(model) as expected:
        own, own_sound = made(model, plain)

    assert len(pictures) == frames * 2**rounds
    assert job.output.duration == plain.output.duration
    assert sound == own_sound
    assert_same(seen, expected)
    latents = -(-(frames - 1) // 8) + 1
    assert upsampled == [(1, 16, (latents - 1) * 2**done + 1, 2, 3) for done in range(rounds)]
    changes = [bool((one != other).any()) for one, other in pairwise(pictures)]
    assert changes == [True] * (len(changes) - again) + [False] * again
    assert not np.array_equal(pictures[:: 2**rounds], own)


def assert_same(seen: list[Forward], expected: list[Forward]) -> None:
    """The same is denoised, at the same rate."""
    assert seen == expected
    assert len(seen) == 2
