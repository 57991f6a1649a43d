"""The diffusers adapter on real classes: what it shares, what it calls, and that it adds nothing of its own."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import attrs
import numpy as np
import pytest
import torch

from adapters.video_model.diffusers.call_mapping import PipelineKind, map_call
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.pipelines import build_pipeline
from adapters.video_model.diffusers.schedulers import scheduler_for
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.errors import DeadlineExceeded
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.requests import GenerationRequest, ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_config, tiny_model

PICTURE = Picture(Resolution(96, 64), memoryview(bytes(range(256)) * 72))


@pytest.fixture(scope="module")
def model(hub_cache: Path) -> DiffusersModel:
    return tiny_model(hub_cache)


def text_request(**changes: Any) -> TextToVideo:
    fields: dict[str, Any] = {
        "prompt": Prompt("a dog"),
        "width": Side(64),
        "height": Side(64),
        "num_frames": FrameCount(9),
        "steps": Steps(2),
    }
    return TextToVideo(**{**fields, **changes})


def image_request() -> ImageToVideo:
    common = {field.name: getattr(text_request(), field.name) for field in attrs.fields(TextToVideo)}
    return ImageToVideo(**common, image=InlineImage("-"))


def planned(model: DiffusersModel, request: GenerationRequest) -> GenerationPlan:
    return plan(request, model.profile(), Limits(), Seed(7))


def render(model: DiffusersModel, job: GenerationPlan, picture: Picture | None = None) -> tuple[bytes, bytes]:
    with model.generate(job, GenerationInputs(pictures=() if picture is None else (picture,)), JobControl()) as clip:
        assert clip.audio is not None
        return b"".join(clip.chunks), clip.audio.samples.tobytes()


def components_of(model: DiffusersModel) -> Components:
    return model._ready().components


def weights(components: Components) -> dict[str, tuple[int, torch.dtype]]:
    return {
        f"{name}.{key}": (parameter.data_ptr(), parameter.dtype)
        for name, part in components.by_name.items()
        if isinstance(part, torch.nn.Module)
        for key, parameter in part.named_parameters()
    }


def test_every_kind_of_pipeline_runs_on_the_same_objects(model: DiffusersModel) -> None:
    components = components_of(model)
    kinds: list[PipelineKind] = list(get_args(PipelineKind))
    connectors, scheduler = torch.nn.Module(), scheduler_for(components.by_name["scheduler"], "static")
    built = [
        build_pipeline(components, kind, scheduler=scheduler, connectors=connectors, device="cpu") for kind in kinds
    ]
    for name in ("transformer", "vae", "audio_vae", "vocoder"):
        assert all(pipeline.components[name] is components.by_name[name] for pipeline in built)
    assert all(pipeline.components["connectors"] is connectors for pipeline in built)
    assert all(pipeline.components["text_encoder"] is None for pipeline in built)


def test_a_pipeline_runs_on_its_device_wherever_the_weights_wait(model: DiffusersModel) -> None:
    """Under an offloading policy the first component that diffusers looks at may be on the host."""
    components = components_of(model)
    scheduler = scheduler_for(components.by_name["scheduler"], "static")
    pipeline = build_pipeline(
        components, "LTX2Pipeline", scheduler=scheduler, connectors=torch.nn.Module(), device="cuda:1"
    )
    assert pipeline._execution_device == torch.device("cuda:1")


def test_no_job_copies_moves_or_casts_a_weight(hub_cache: Path) -> None:
    model = tiny_model(hub_cache, dtype="bfloat16")
    before = weights(components_of(model))
    render(model, planned(model, text_request()))
    render(model, planned(model, image_request()), PICTURE)
    assert len(before) > 300
    assert {dtype for _, dtype in before.values()} == {torch.bfloat16}
    assert weights(components_of(model)) == before


@pytest.mark.parametrize(("name", "most"), [("builtin/tiny", 1), ("builtin/tiny-2.3", 1), ("builtin/tiny-2.5", 0)])
def test_pictures_and_sound_are_those_of_the_plain_pipeline(hub_cache: Path, name: str, most: int) -> None:
    """Unguided to the bit. Guided, the two texts are encoded one by one, which rounds differently."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds

    model = tiny_model(hub_cache, name)
    job = planned(model, text_request(steps=None if name == "builtin/tiny-2.5" else Steps(2), negative_prompt="blur"))
    video, sound = render(model, job)

    reference = LTX2Pipeline.from_pretrained(locate(tiny_config(hub_cache, name)).path, local_files_only=True)
    if name == "builtin/tiny-2.5":
        reference.duration_head = None
    arguments = map_call(job, job.stages[0]).arguments | {"output_type": "np", "negative_prompt": "blur"}
    output = reference("a dog", **arguments, generator=torch.Generator().manual_seed(7))
    expected = (output.frames[0] * 255).round().astype(np.uint8)
    difference = np.frombuffer(video, np.uint8).astype(int) - expected.reshape(-1)
    assert np.abs(difference).max() <= most
    heard = np.frombuffer(sound, np.float32) - output.audio[0].float().clamp(-1, 1).numpy().reshape(-1)
    assert np.abs(heard).max() <= 1e-4 * most


@pytest.mark.parametrize(("name", "rate"), [("builtin/tiny", 24_000), ("builtin/tiny-2.3", 48_000)])
def test_sound_has_the_vocoders_rate(hub_cache: Path, name: str, rate: int) -> None:
    model = tiny_model(hub_cache, name)
    with model.generate(planned(model, text_request()), GenerationInputs(), JobControl()) as clip:
        assert clip.audio is not None
        assert (clip.audio.sampling_rate, clip.audio.channels) == (rate, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": Prompt("a cat")},
        {"negative_prompt": "dogs"},
        {"fps": FrameRate.from_number(12)},
        {"steps": Steps(3)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_request_says_reaches_the_model(model: DiffusersModel, change: dict[str, Any]) -> None:
    assert render(model, planned(model, text_request(**change)))[0] != render(model, planned(model, text_request()))[0]


def test_a_crop_shows_the_middle_of_what_was_generated(model: DiffusersModel) -> None:
    whole = planned(model, text_request(width=Side(96), height=Side(96)))
    part = planned(model, text_request(width=Side(80), height=Side(70), num_frames=FrameCount(6)))
    assert part.canvas == whole.canvas
    outer = np.frombuffer(render(model, whole)[0], np.uint8).reshape(9, 96, 96, 3)
    inner = np.frombuffer(render(model, part)[0], np.uint8).reshape(6, 70, 80, 3)
    assert np.array_equal(inner, outer[:6, 13:83, 8:88])


def test_each_step_is_reported_and_may_end_the_job_before_anything_is_decoded(model: DiffusersModel) -> None:
    events: list[StageProgress] = []
    job = planned(model, text_request(steps=Steps(4)))
    readings = iter([0.0] * 1000)

    def clock() -> float:
        return 100.0 if len(events) >= 2 else next(readings)

    control = JobControl(deadline=50.0, report=events.append, clock=clock)
    decoded: list[object] = []
    hook = (
        components_of(model)
        .by_name["audio_vae"]
        .decoder.register_forward_pre_hook(lambda *arguments: decoded.append(arguments))
    )
    with pytest.raises(Exception, match="time budget"), model.generate(job, GenerationInputs(), control):
        pytest.fail("the deadline had passed")
    hook.remove()
    assert events == [StageProgress("generate", 1, 4), StageProgress("generate", 2, 4)]
    assert decoded == []


def test_low_vram_on_the_cpu_is_a_warning_and_no_change(model: DiffusersModel) -> None:
    job = planned(model, text_request(low_vram=True))
    assert job.warnings == ("low_vram saves nothing here: the model runs on the CPU",)
    assert render(model, job) == render(model, attrs.evolve(job, low_vram=False))


def test_the_policy_of_a_job_is_told_and_gone_with_it(model: DiffusersModel) -> None:
    def policy(*, low_vram: bool) -> str:
        job = planned(model, text_request(low_vram=low_vram))
        with model.generate(job, GenerationInputs(), JobControl()) as clip:
            list(clip.chunks)
            return clip.statistics().memory_policy

    assert [policy(low_vram=low) for low in (False, True, False)] == ["resident", "model_offload", "resident"]


def test_a_prompt_that_was_cut_is_a_warning(model: DiffusersModel) -> None:
    """The tiny tokenizer has about one token for a letter."""
    job = planned(model, text_request(prompt=Prompt("walk " * 300), negative_prompt="x" * 2000))
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        list(clip.chunks)
        warnings = clip.statistics().warnings
    assert [warning.split()[0] for warning in warnings] == ["prompt", "negative_prompt"]
    assert all("was cut after 1024 tokens" in warning for warning in warnings)


@contextmanager
def text_calls(model: DiffusersModel) -> Iterator[list[str]]:
    """Which of the text side's networks are called, in order."""
    parts = components_of(model).by_name
    called: list[str] = []
    hooks = [
        parts[name].register_forward_pre_hook(lambda *_, name=name: called.append(name))
        for name in ("text_encoder", "connectors")
    ]
    try:
        yield called
    finally:
        for hook in hooks:
            hook.remove()


def test_an_unguided_job_encodes_no_negative_prompt(hub_cache: Path) -> None:
    model = tiny_model(hub_cache, "builtin/tiny-2.5")
    with text_calls(model) as called:
        render(model, planned(model, text_request(steps=None, negative_prompt="blur")))
    assert called == ["text_encoder", "connectors"]


def test_a_known_prompt_calls_the_text_encoder_no_more(hub_cache: Path) -> None:
    model = tiny_model(hub_cache)
    with text_calls(model) as called:
        render(model, planned(model, text_request(negative_prompt="blur")))
        assert called == ["text_encoder", "connectors"] * 2
        called.clear()
        render(model, planned(model, text_request(negative_prompt="blur", fps=FrameRate.from_number(12))))
        assert called == []
        render(model, planned(model, text_request(prompt=Prompt("a cat"), negative_prompt="blur")))
        assert called == ["text_encoder", "connectors"]


def test_a_deadline_ends_the_writing_of_a_prompt_between_two_words(model: DiffusersModel) -> None:
    readings = itertools.count()
    control = JobControl(deadline=3, clock=lambda: float(next(readings)))
    with pytest.raises(DeadlineExceeded):
        model.enhance(Prompt("a cat"), GenerationInputs(), Seed(1), control)
    assert next(readings) == 4
