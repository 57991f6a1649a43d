"""Two stages on the same networks: half size, upsampled, refined, and conditioned both times."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.geometry import FrameCount, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.requests import ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_model

FIELDS: dict[str, Any] = {
    "prompt": Prompt("a dog"),
    "preset": "quality",
    "width": Side(192),
    "height": Side(128),
    "num_frames": FrameCount(9),
}
NOTHING = GenerationInputs()
MODELS: dict[str, DiffusersModel] = {}


@pytest.fixture(params=["builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5"])
def model(request: pytest.FixtureRequest, hub_cache: Path) -> DiffusersModel:
    return MODELS.setdefault(request.param, tiny_model(hub_cache, request.param))


def picture(colour: tuple[int, int, int]) -> GenerationInputs:
    return GenerationInputs(pictures=(Picture(Resolution(192, 128), memoryview(bytes(colour) * (192 * 128))),))


def planned(model: DiffusersModel, *, with_picture: bool = False, **changes: Any) -> GenerationPlan:
    steps = None if model.profile().checkpoint.is_distilled else Steps(2)
    fields = {**FIELDS, "steps": steps, **changes}
    request = ImageToVideo(image=InlineImage("-"), **fields) if with_picture else TextToVideo(**fields)
    return plan(request, model.profile(), Limits(), Seed(7))


def render(model: DiffusersModel, job: GenerationPlan, inputs: GenerationInputs = NOTHING) -> np.ndarray[Any, Any]:
    with model.generate(job, inputs, JobControl()) as clip:
        return np.frombuffer(b"".join(clip.chunks), np.uint8).reshape(9, 128, 192, 3).astype(int)


@contextmanager
def inputs_of(module: torch.nn.Module) -> Iterator[list[tuple[int, ...]]]:
    """The shape of the first argument of each call."""
    shapes: list[tuple[int, ...]] = []
    handle = module.register_forward_pre_hook(lambda _, arguments: shapes.append(tuple(arguments[0].shape)))
    try:
        yield shapes
    finally:
        handle.remove()


def test_latents_are_upsampled_once_between_the_stages(model: DiffusersModel) -> None:
    parts = model._ready().components.by_name
    weights = {key: tensor.data_ptr() for key, tensor in parts["transformer"].named_parameters()}
    with inputs_of(parts["latent_upsampler"]) as upsampled:
        render(model, planned(model))
    assert upsampled == [(1, 16, 2, 2, 3)]
    assert len(weights) > 50
    pointers = {
        key.replace(".base_layer", ""): tensor.data_ptr() for key, tensor in _base_weights(parts["transformer"])
    }
    assert pointers == weights


def _base_weights(transformer: Any) -> Iterator[tuple[str, torch.Tensor]]:
    return ((key, tensor) for key, tensor in transformer.named_parameters() if "lora_" not in key)


def test_a_picture_conditions_both_stages_in_their_own_size(model: DiffusersModel) -> None:
    encoder = model._ready().components.by_name["vae"].encoder
    with inputs_of(encoder) as encoded:
        render(model, planned(model, with_picture=True), picture((255, 0, 0)))
    assert encoded == [(1, 3, 1, 64, 96), (1, 3, 1, 128, 192)]


def test_the_picture_decides_on_the_refined_first_frame(model: DiffusersModel) -> None:
    job = planned(model, with_picture=True)
    red, blue = (render(model, job, picture(colour)) for colour in ((255, 0, 0), (0, 0, 255)))
    without = render(model, planned(model))
    assert np.abs(red[0] - blue[0]).mean() > 1
    assert np.abs(red[0] - without[0]).mean() > 1


def test_a_refined_clip_is_not_the_first_stage_enlarged(model: DiffusersModel) -> None:
    refined = render(model, planned(model))
    plain = render(model, planned(model, preset="standard"))
    assert not np.array_equal(refined, plain)
    assert np.array_equal(refined, render(model, planned(model)))


def test_the_sound_is_refined_too(model: DiffusersModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second stage starts from the first one's sound, noised to its first sigma, not from noise alone."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds

    given: list[torch.Tensor | None] = []
    made: list[torch.Tensor] = []
    prepare, call = LTX2Pipeline.prepare_audio_latents, LTX2Pipeline.__call__

    def preparing(pipeline: Any, *arguments: Any, **named: Any) -> Any:
        given.append(named["latents"])
        return prepare(pipeline, *arguments, **named)

    def calling(pipeline: Any, *arguments: Any, **named: Any) -> Any:
        output = call(pipeline, *arguments, **named)
        made.append(output.audio)
        return output

    monkeypatch.setattr(LTX2Pipeline, "prepare_audio_latents", preparing)
    monkeypatch.setattr(LTX2Pipeline, "__call__", calling)
    render(model, planned(model))
    first, second = given
    assert first is None
    assert second is not None
    assert torch.equal(second, made[0])
    assert made[0].shape == made[1].shape
    assert not torch.equal(made[0], made[1])
