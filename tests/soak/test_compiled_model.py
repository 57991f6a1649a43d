"""A whole model with compiled blocks: compiled at start, not in a job, and giving the same clips but for rounding."""

from pathlib import Path

import attrs
import numpy as np
import pytest
from torch._dynamo.utils import counters

from adapters.video_model.config import Acceleration
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.geometry import FrameCount, Resolution, Side
from domain.limits import Limits
from domain.lora import Lora, LoraSource
from domain.plan import plan
from domain.requests import ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed
from tests.support.lora_files import linear_sizes, tensors_for, written
from tests.support.tiny import tiny_config, tiny_model

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning"),
]
RED = GenerationInputs(pictures=(Picture(Resolution(64, 64), memoryview(bytes((255, 0, 0)) * (64 * 64))),))
NOTHING = GenerationInputs()


def render(model: DiffusersModel, request: TextToVideo | ImageToVideo, inputs: GenerationInputs = NOTHING) -> bytes:
    job = plan(request, model.profile(), Limits(), Seed(7))
    with model.generate(job, inputs, JobControl()) as clip:
        return b"".join(clip.chunks)


def text(frames: int, *loras: Lora) -> TextToVideo:
    return TextToVideo(
        prompt=Prompt("a dog"), width=Side(64), height=Side(96), num_frames=FrameCount(frames), loras=loras
    )


def graphs() -> int:
    return int(counters["stats"]["unique_graphs"])


def test_no_job_waits_for_a_compiler(hub_cache: Path, tmp_path: Path) -> None:
    config = tiny_config(hub_cache, "builtin/tiny-2.5")
    acceleration = Acceleration(compile=True, compile_cache=tmp_path / "kernels")
    compiled = DiffusersModel(attrs.evolve(config, acceleration=acceleration, lora_dir=tmp_path))
    eager = tiny_model(hub_cache, "builtin/tiny-2.5")
    compiled.load()
    after_start = graphs()
    assert after_start > 0

    picture = ImageToVideo(prompt=Prompt("a dog"), width=Side(96), height=Side(64), image=InlineImage("-"))
    for request, inputs in ((text(9), NOTHING), (text(41), NOTHING), (picture, RED)):
        ours, theirs = (np.frombuffer(render(model, request, inputs), np.uint8) for model in (compiled, eager))
        assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert graphs() == after_start

    sizes = linear_sizes(eager._ready().components.by_name["transformer"])
    written(tmp_path / "ink.safetensors", tensors_for(sizes, "transformer"))
    assert render(compiled, text(9, Lora(source=LoraSource("ink.safetensors")))) != render(compiled, text(9))
    assert graphs() == after_start
