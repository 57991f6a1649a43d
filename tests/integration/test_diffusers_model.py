"""The diffusers adapter on real classes: what it shares, what it calls, and that it adds nothing of its own."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.loading import Components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.offload import model_offload
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.errors import GpuFailed, OutOfMemory
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.plan import GenerationPlan, Limits, plan
from domain.requests import GenerationRequest, ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_config, tiny_model

PICTURE = Picture(Resolution(96, 64), memoryview(bytes(range(256)) * 72))


@pytest.fixture(scope="module")
def model(hub_cache: Path) -> DiffusersModel:
    return tiny_model(hub_cache)


@pytest.fixture(scope="module")
def distilled(hub_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> DiffusersModel:
    """A tiny 2.3 checkpoint with the scheduler configuration of a distilled one, in a folder of its own."""
    snapshot = locate(tiny_config(hub_cache, "builtin/tiny-2.3"))
    folder = tmp_path_factory.mktemp("distilled") / "checkpoint"
    shutil.copytree(snapshot.path, folder)
    file = folder / "scheduler" / "scheduler_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**config, "use_dynamic_shifting": False, "shift_terminal": None}), encoding="utf-8")
    return DiffusersModel(ModelConfig(path=folder, device="cpu", dtype="float32"))


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
    with model.generate(job, GenerationInputs(image=picture), JobControl()) as clip:
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


def test_both_pipelines_run_on_the_same_objects(model: DiffusersModel) -> None:
    components = components_of(model)
    text = components.pipeline("LTX2Pipeline", static_schedule=False)
    image = components.pipeline("LTX2ImageToVideoPipeline", static_schedule=False)
    shared = {name for name in components.by_name if name != "scheduler"}
    assert len(shared) == 7
    assert {name for name in shared if text.components[name] is image.components[name] is components.by_name[name]} == (
        shared
    )


def test_no_job_copies_moves_or_casts_a_weight(hub_cache: Path) -> None:
    model = tiny_model(hub_cache, dtype="bfloat16")
    before = weights(components_of(model))
    render(model, planned(model, text_request()))
    render(model, planned(model, image_request()), PICTURE)
    assert len(before) > 300
    assert {dtype for _, dtype in before.values()} == {torch.bfloat16}
    assert weights(components_of(model)) == before


def test_each_job_gets_a_scheduler_of_its_own(model: DiffusersModel) -> None:
    components = components_of(model)
    schedulers = [components.pipeline("LTX2Pipeline", static_schedule=False).scheduler for _ in range(2)]
    assert schedulers[0] is not schedulers[1]
    assert components.by_name["scheduler"] not in schedulers
    assert schedulers[0].config == components.by_name["scheduler"].config


def test_explicit_sigmas_are_run_as_they_are_also_on_a_dev_checkpoint(model: DiffusersModel) -> None:
    """The dynamic scheduler would shift [1, 0.725, 0.4219] to [1, 0.721, 0.1] without a word."""
    sigmas = [1.0, 0.725, 0.421875]
    static = components_of(model).pipeline("LTX2Pipeline", static_schedule=True).scheduler
    static.set_timesteps(sigmas=sigmas, mu=2.0)
    assert static.sigmas.tolist() == pytest.approx([*sigmas, 0.0])
    dynamic = components_of(model).pipeline("LTX2Pipeline", static_schedule=False).scheduler
    dynamic.set_timesteps(sigmas=sigmas, mu=2.0)
    assert dynamic.sigmas.tolist() != pytest.approx([*sigmas, 0.0])


@pytest.mark.parametrize("name", ["builtin/tiny", "builtin/tiny-2.3"])
def test_pictures_and_sound_are_those_of_the_plain_pipeline(hub_cache: Path, name: str) -> None:
    """Decoding outside of the pipeline, sound first, changes no bit."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415

    from adapters.video_model.diffusers.call_mapping import map_call  # noqa: PLC0415

    model = tiny_model(hub_cache, name)
    job = planned(model, text_request())
    video, sound = render(model, job)

    reference = LTX2Pipeline.from_pretrained(locate(tiny_config(hub_cache, name)).path, local_files_only=True)
    arguments = map_call(job).arguments | {"output_type": "np", "generator": torch.Generator().manual_seed(7)}
    output = reference(**arguments)
    assert video == (output.frames[0] * 255).round().astype(np.uint8).tobytes()
    assert sound == output.audio[0].float().clamp(-1, 1).numpy().tobytes()


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


@pytest.fixture
def calls(distilled: DiffusersModel) -> Iterator[list[tuple[int, float]]]:
    """Batch size and timestep of each forward pass of the transformer."""
    seen: list[tuple[int, float]] = []

    def record(_: object, __: object, arguments: dict[str, Any]) -> None:
        seen.append((arguments["hidden_states"].shape[0], float(arguments["timestep"].flatten()[0])))

    transformer = components_of(distilled).by_name["transformer"]
    hook = transformer.register_forward_pre_hook(record, with_kwargs=True)
    yield seen
    hook.remove()


def test_a_distilled_checkpoint_takes_one_unguided_forward_for_each_of_its_sigmas(
    distilled: DiffusersModel, calls: list[tuple[int, float]]
) -> None:
    render(distilled, planned(distilled, text_request(steps=None)))
    assert [batch for batch, _ in calls] == [1] * 8
    sigmas = [1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875]
    assert [timestep / 1000 for _, timestep in calls] == pytest.approx(sigmas)


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


def test_model_offload_changes_no_bit_and_leaves_no_hook_behind(model: DiffusersModel) -> None:
    components = components_of(model)
    parts = [part for part in components.by_name.values() if isinstance(part, torch.nn.Module)]
    before = render(model, planned(model, text_request()))
    pipeline = components.pipeline("LTX2Pipeline", static_schedule=False)
    with pytest.raises(ZeroDivisionError), model_offload(pipeline, "cpu", home="cpu"):
        assert all(hasattr(part, "_hf_hook") for part in parts)
        raise ZeroDivisionError  # a failed job has skipped the pipeline's own clean-up
    assert not any(hasattr(part, "_hf_hook") for part in parts)
    assert render(model, planned(model, text_request())) == before


class Stranded:
    """A pipeline whose weights do not get home."""

    def __init__(self, fails_on: str) -> None:
        self.fails_on = fails_on

    def enable_model_cpu_offload(self, device: str) -> None:
        self._step("enable")

    def remove_all_hooks(self) -> None:
        self._step("remove")

    def to(self, home: str) -> None:
        self._step("to")

    def _step(self, name: str) -> None:
        if name == self.fails_on:
            message = "CUDA out of memory"
            raise torch.OutOfMemoryError(message)


@pytest.mark.parametrize("fails_on", ["remove", "to"])
@pytest.mark.parametrize("job", [None, OutOfMemory("the job's own")])
def test_weights_that_do_not_get_home_ask_for_another_worker(fails_on: str, job: OutOfMemory | None) -> None:
    with pytest.raises(GpuFailed) as caught, model_offload(Stranded(fails_on), "cuda", home="cuda"):
        if job is not None:
            raise job
    assert caught.value.refresh_worker


def test_weights_are_brought_home_also_if_the_offload_did_not_begin() -> None:
    with pytest.raises(torch.OutOfMemoryError), model_offload(Stranded("enable"), "cuda", home="cuda"):
        pytest.fail("it did not begin")


def test_low_vram_on_the_cpu_is_a_warning_and_no_change(model: DiffusersModel) -> None:
    job = planned(model, text_request(low_vram=True))
    assert job.warnings == ("low_vram had no effect: the model runs on the CPU",)
    assert render(model, job) == render(model, attrs.evolve(job, low_vram=False))
