"""Compiles a tiny transformer for real, and counts that it was, once and for all lengths: minutes on a CPU."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTX2Pipeline
from torch._dynamo.utils import counters

from adapters.video_model.diffusers.acceleration.compilation import (
    WARM_UP_FRAMES,
    compile_blocks,
    uncompiled,
    warming_up,
)
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS

pytestmark = [
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning"),
]

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
PERTURBED = {**UNGUIDED, "stg_scale": 1.0, "audio_stg_scale": 1.0, "spatio_temporal_guidance_blocks": [1]}


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """torch writes every graph into its trace log as soon as somebody, like pytest, would read it."""
    caplog.set_level(logging.WARNING, logger="torch.__trace")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    kept = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    yield tmp_path
    if kept is None:
        os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)
    else:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = kept
    torch._dynamo.reset()


@pytest.fixture
def pipeline() -> Any:
    built = build_pipeline(CHECKPOINTS["builtin/tiny-2.3"])
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=False)
    built = LTX2Pipeline(**{**built.components, "scheduler": scheduler})
    built.set_progress_bar_config(disable=True)
    return built


def generate(pipeline: Any, frames: int, **guidance: Any) -> torch.Tensor:
    latents: torch.Tensor = pipeline(
        prompt="a dog",
        height=64,
        width=64,
        num_frames=frames,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(1),
        output_type="latent",
        **guidance,
    ).frames
    return latents


def graphs() -> int:
    return int(counters["stats"]["unique_graphs"])


def test_after_the_warm_up_every_length_runs_compiled_and_a_lora_runs_without(cache: Path, pipeline: Any) -> None:
    eager = {frames: generate(pipeline, frames, **UNGUIDED) for frames in (*WARM_UP_FRAMES, 25, 33)}
    compile_blocks(pipeline.transformer, cache=cache, needs_stg=False)
    with warming_up(pipeline.transformer):
        for frames in WARM_UP_FRAMES:
            generate(pipeline, frames, **UNGUIDED)
    assert any(cache.rglob("*.so"))
    compiled = graphs()
    for frames, expected in eager.items():
        torch.testing.assert_close(generate(pipeline, frames, **UNGUIDED), expected, atol=1e-4, rtol=1e-4)
    with uncompiled():
        assert torch.equal(generate(pipeline, 25, **UNGUIDED), eager[25])
        pipeline.transformer.add_adapter(peft.LoraConfig(r=2, target_modules=["to_q"], init_lora_weights=False), "one")
        assert not torch.equal(generate(pipeline, 25, **UNGUIDED), eager[25])
        pipeline.transformer.unload_lora()
    torch.testing.assert_close(generate(pipeline, 25, **UNGUIDED), eager[25], atol=1e-4, rtol=1e-4)
    assert graphs() == compiled


def test_a_guided_recipe_is_compiled_in_pieces_and_stays_so(cache: Path, pipeline: Any) -> None:
    eager = generate(pipeline, 25, **PERTURBED)
    compile_blocks(pipeline.transformer, cache=cache, needs_stg=True)
    with warming_up(pipeline.transformer):
        for frames in WARM_UP_FRAMES:
            generate(pipeline, frames, **PERTURBED)
    compiled, frames_before = graphs(), dict(counters["frames"])
    torch.testing.assert_close(generate(pipeline, 25, **PERTURBED), eager, atol=1e-3, rtol=1e-3)
    assert graphs() == compiled
    assert dict(counters["frames"]) == frames_before
    assert frames_before["ok"] == frames_before["total"]
