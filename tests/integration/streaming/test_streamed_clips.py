"""Clips of the worker in bfloat16, in which decoders are streamed: the bytes are those of whole decodes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import ClipStatistics
from domain.geometry import FrameCount, Side
from domain.limits import Limits
from domain.memory import MemoryPolicy
from domain.plan import GenerationPlan, plan
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed, Steps
from tests.support.tiny import tiny_config


def planned(model: DiffusersModel, *, width: int = 64, frames: int = 49) -> GenerationPlan:
    steps = None if model.profile().checkpoint.is_distilled else Steps(2)
    request = TextToVideo(
        prompt=Prompt("a dog"), width=Side(width), height=Side(70), num_frames=FrameCount(frames), steps=steps
    )
    return plan(request, model.profile(), Limits(), Seed(7))


def render(model: DiffusersModel, job: GenerationPlan) -> tuple[list[bytes], ClipStatistics]:
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        return [bytes(chunk) for chunk in clip.chunks], clip.statistics()


@contextmanager
def whole_decodes(model: DiffusersModel) -> Iterator[None]:
    """A decoder that somebody listens to is called as a whole."""
    decoder = model._ready().components.by_name["vae"].decoder
    calls: list[object] = []
    handle = decoder.register_forward_pre_hook(lambda *_: calls.append(None))
    try:
        yield
    finally:
        handle.remove()
    assert calls


@pytest.mark.parametrize("name", ["builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5"])
def test_a_streamed_clip_has_the_bytes_of_a_whole_decode(hub_cache: Path, name: str) -> None:
    model = DiffusersModel(tiny_config(hub_cache, name, "bfloat16"))
    for job in (planned(model), planned(model, width=80, frames=42), planned(model, frames=1)):
        streamed, statistics = render(model, job)
        with whole_decodes(model):
            whole, _ = render(model, job)
        assert b"".join(streamed) == b"".join(whole)
        size, frames = job.output.resolution.pixels * 3, job.output.frames
        assert sum(map(len, streamed)) == size * frames
        assert max(map(len, streamed)) <= 8 * size
        assert statistics.warnings == ()


def test_frames_behind_the_last_repeat_it(hub_cache: Path) -> None:
    model = DiffusersModel(tiny_config(hub_cache, "builtin/tiny-2.3", "bfloat16"))
    job = planned(model, frames=9)
    longer = attrs.evolve(job, output=attrs.evolve(job.output, frames=20))
    frames, longer_frames = (b"".join(render(model, one)[0]) for one in (job, longer))
    last = frames[-len(frames) // 9 :]
    assert longer_frames == frames + 11 * last


@pytest.mark.parametrize("policy", ["model_offload", "fp8", "group_offload", "leaf_offload"])
def test_it_does_not_matter_where_the_weights_wait(hub_cache: Path, policy: MemoryPolicy) -> None:
    model = DiffusersModel(attrs.evolve(tiny_config(hub_cache, "builtin/tiny-2.3", "bfloat16"), memory_policy=policy))
    job = planned(model)
    streamed, _ = render(model, job)
    with whole_decodes(model):
        assert b"".join(streamed) == b"".join(render(model, job)[0])


def test_a_clip_that_nobody_takes_to_its_end_leaves_the_next_one_alone(hub_cache: Path) -> None:
    model = DiffusersModel(attrs.evolve(tiny_config(hub_cache, dtype="bfloat16"), memory_policy="model_offload"))
    job = planned(model)
    expected, _ = render(model, job)
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        next(clip.chunks)
    assert render(model, job)[0] == expected
