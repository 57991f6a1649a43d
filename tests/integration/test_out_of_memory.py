"""What happens when the device's memory runs out: once more in a leaner way, and nothing of it in the next job."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import ClipStatistics
from domain.errors import GpuFailed, OutOfMemory
from domain.geometry import FrameCount, Side
from domain.limits import Limits
from domain.memory import MemoryPolicy
from domain.plan import GenerationPlan, plan
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_config, tiny_model

NO_MEMORY = "CUDA out of memory. Tried to allocate 20.00 MiB"
LOST = "CUDA error: an illegal memory access was encountered"


@pytest.fixture(scope="module")
def model(hub_cache: Path) -> DiffusersModel:
    return tiny_model(hub_cache)


def planned(model: DiffusersModel, **changes: Any) -> GenerationPlan:
    fields: dict[str, Any] = {"steps": Steps(3), "width": Side(64), "height": Side(64), "num_frames": FrameCount(9)}
    request = TextToVideo(prompt=Prompt("a dog"), **{**fields, **changes})
    return plan(request, model.profile(), Limits(), Seed(7))


def render(model: DiffusersModel, job: GenerationPlan) -> tuple[bytes, ClipStatistics]:
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        return b"".join(clip.chunks), clip.statistics()


@contextmanager
def failing(model: DiffusersModel, component: str, *errors: BaseException | None) -> Iterator[list[object]]:
    """Each call of the component's decoder or of itself raises the next of `errors`; None lets it pass."""
    part = model._ready().components.by_name[component]
    module = part.decoder if component == "vae" else part
    queue = list(errors)
    calls: list[object] = []

    def fail(*_: object) -> None:
        calls.append(None)
        error = queue.pop(0) if queue else None
        if error is not None:
            raise error

    handle = module.register_forward_pre_hook(fail)
    try:
        yield calls
    finally:
        handle.remove()


def out_of_memory() -> torch.OutOfMemoryError:
    return torch.OutOfMemoryError(NO_MEMORY)


@pytest.mark.parametrize("component", ["transformer", "text_encoder", "vocoder"])
def test_a_job_that_ran_out_of_memory_is_made_in_a_leaner_way(hub_cache: Path, component: str) -> None:
    model = tiny_model(hub_cache)  # of its own: it knows no prompt yet
    job = planned(model)
    with failing(model, component, out_of_memory()):
        frames, statistics = render(model, job)
    assert statistics.memory_policy == "model_offload"
    assert statistics.warnings == (
        "memory ran out with the weights kept resident; the clip was made with model_offload",
    )
    expected, after = render(model, job)
    assert frames == expected
    assert after.memory_policy == "resident"


def test_a_second_failure_is_the_jobs(model: DiffusersModel) -> None:
    job = planned(model)
    expected, _ = render(model, job)
    with (
        failing(model, "transformer", out_of_memory(), None, out_of_memory()) as calls,
        pytest.raises(OutOfMemory),
        model.generate(job, GenerationInputs(), JobControl()),
    ):
        pytest.fail("there was no memory")
    assert len(calls) == 3
    assert render(model, job)[0] == expected


@pytest.mark.parametrize(
    ("policy", "leaner"),
    [
        ("text_offload", "model_offload"),
        ("model_offload", "group_offload"),
        ("fp8", "group_offload"),
        ("group_offload", "leaf_offload"),
    ],
)
def test_every_policy_has_a_leaner_one(hub_cache: Path, policy: MemoryPolicy, leaner: MemoryPolicy) -> None:
    config = attrs.evolve(tiny_config(hub_cache, "builtin/tiny-2.5", dtype="bfloat16"), memory_policy=policy)
    model = DiffusersModel(config)
    job = planned(model)
    expected, before = render(model, job)
    with failing(model, "transformer", None, out_of_memory()):
        frames, statistics = render(model, job)
    again, after = render(model, job)
    assert (before.memory_policy, statistics.memory_policy, after.memory_policy) == (policy, leaner, policy)
    assert frames == expected == again


def test_the_leanest_policy_is_the_last_try(hub_cache: Path) -> None:
    model = DiffusersModel(attrs.evolve(tiny_config(hub_cache), memory_policy="leaf_offload"))
    with (
        failing(model, "transformer", out_of_memory()) as calls,
        pytest.raises(OutOfMemory),
        model.generate(planned(model), GenerationInputs(), JobControl()),
    ):
        pytest.fail("there was no memory")
    assert len(calls) == 1


def test_frames_that_do_not_fit_whole_are_decoded_in_tiles(model: DiffusersModel) -> None:
    job = planned(model, width=Side(512), height=Side(64))
    expected, _ = render(model, job)
    with failing(model, "vae", out_of_memory()) as calls:
        frames, statistics = render(model, job)
    assert len(calls) > 2
    assert len(frames) == len(expected)
    assert frames != expected
    assert any("in tiles" in warning for warning in statistics.warnings)
    assert render(model, job)[0] == expected


def test_a_decode_that_does_not_fit_in_tiles_either_is_the_jobs_failure(model: DiffusersModel) -> None:
    job = planned(model, width=Side(512), height=Side(64))
    expected, _ = render(model, job)
    with failing(model, "vae", out_of_memory(), out_of_memory()), pytest.raises(OutOfMemory):
        render(model, job)
    assert render(model, job)[0] == expected


def test_what_the_failed_try_held_is_free_before_the_next(model: DiffusersModel) -> None:
    """The frames of an exception keep a step's activations alive: on a GPU the second try would not fit either."""
    transformer = model._ready().components.by_name["transformer"]
    held: list[weakref.ref[torch.Tensor]] = []
    alive: list[bool] = []

    def note(_: object, __: object, arguments: dict[str, Any]) -> None:
        if held:
            alive.append(held[0]() is not None)
            return
        activations = torch.zeros(1000)
        held.append(weakref.ref(activations))
        raise out_of_memory()

    handle = transformer.register_forward_pre_hook(note, with_kwargs=True)
    gc.disable()
    try:
        render(model, planned(model))
    finally:
        handle.remove()
        gc.enable()
    assert alive[0] is False


@pytest.mark.parametrize("component", ["transformer", "vae"])
def test_a_lost_device_is_not_tried_again(hub_cache: Path, component: str) -> None:
    model = tiny_model(hub_cache)  # one of its own: who lost the device once gives it to no other job
    with failing(model, component, RuntimeError(LOST)) as calls, pytest.raises(GpuFailed) as caught:
        render(model, planned(model))
    assert caught.value.refresh_worker
    assert len(calls) == 1


def test_a_plan_that_needs_a_leaner_way_is_made_in_it_at_once(model: DiffusersModel) -> None:
    job = planned(model)
    expected, _ = render(model, job)
    frames, statistics = render(model, attrs.evolve(job, policy="group_offload"))
    assert frames == expected
    assert statistics.memory_policy == "group_offload"
    assert statistics.warnings == (
        "the clip was made with group_offload: with resident it would not fit into the memory",
    )


def test_low_vram_lowers_further_only_where_that_is_needed(model: DiffusersModel) -> None:
    job = attrs.evolve(planned(model, low_vram=True), policy="resident")
    assert render(model, job)[1].memory_policy == "model_offload"
    assert render(model, attrs.evolve(job, policy="leaf_offload"))[1].memory_policy == "leaf_offload"


def test_low_vram_where_there_is_nothing_leaner_is_a_warning(hub_cache: Path) -> None:
    model = DiffusersModel(attrs.evolve(tiny_config(hub_cache), memory_policy="leaf_offload"))
    statistics = render(model, planned(model, low_vram=True))[1]
    assert statistics.memory_policy == "leaf_offload"
    assert statistics.warnings[0].startswith("low_vram had no effect: the weights are kept leaf_offload")
