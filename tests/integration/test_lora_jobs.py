"""LoRAs in whole jobs, under every memory policy: they change the clip, and nothing after it."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.errors import InputUnreadable, ModelUnavailable
from domain.geometry import FrameCount, Side
from domain.limits import Limits
from domain.lora import Lora, LoraScale, LoraSource
from domain.memory import POLICIES, MemoryPolicy
from domain.plan import plan
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed
from tests.support.lora_files import linear_sizes, tensors_for, written
from tests.support.tiny import tiny_config

INK = Lora(source=LoraSource("styles/ink.safetensors"))


def model_under(policy: MemoryPolicy, hub_cache: Path, folder: Path) -> DiffusersModel:
    config = tiny_config(hub_cache, "builtin/tiny-2.5", dtype="bfloat16")
    model = DiffusersModel(attrs.evolve(config, memory_policy=policy, lora_dir=folder))
    sizes = linear_sizes(model._ready().components.by_name["transformer"])
    written(folder / "styles" / "ink.safetensors", tensors_for(sizes, "transformer"))
    return model


def render(model: DiffusersModel, *loras: Lora, **changes: Any) -> bytes:
    request = TextToVideo(
        prompt=Prompt("a dog"), width=Side(64), height=Side(64), num_frames=FrameCount(9), loras=loras, **changes
    )
    job = plan(request, model.profile(), Limits(), Seed(7))
    with model.generate(job, GenerationInputs(), JobControl()) as clip:
        return b"".join(clip.chunks)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_lora_changes_its_job_and_no_other(policy: MemoryPolicy, hub_cache: Path, tmp_path: Path) -> None:
    model = model_under(policy, hub_cache, tmp_path)
    plain = render(model)
    inked = render(model, INK)
    assert inked != plain
    assert render(model) == plain
    assert render(model, INK) == inked
    assert render(model, attrs.evolve(INK, scale=LoraScale(0))) == plain
    lowered = render(model, INK, low_vram=True)
    assert lowered == inked
    assert render(model) == plain


def test_a_prompt_is_encoded_anew_for_an_adapter_of_the_connectors(hub_cache: Path, tmp_path: Path) -> None:
    """The cache knows the plain text; under the adapter the same text means something else."""
    sizes = linear_sizes(model_under("resident", hub_cache, tmp_path)._ready().components.by_name["connectors"])
    written(tmp_path / "words.safetensors", tensors_for(sizes, "connectors", ("to_q", "to_v", "proj")))
    words = Lora(source=LoraSource("words.safetensors"))
    alone = render(model_under("resident", hub_cache, tmp_path), words)
    after_another = model_under("resident", hub_cache, tmp_path)
    plain = render(after_another)
    assert render(after_another, words) == alone != plain
    assert render(after_another) == plain


def test_both_stages_wear_it(hub_cache: Path, tmp_path: Path) -> None:
    model = model_under("resident", hub_cache, tmp_path)
    seen: list[int] = []
    transformer = model._ready().components.by_name["transformer"]
    handle = transformer.register_forward_pre_hook(
        lambda module, _: seen.append(
            sum(not part.disable_adapters for part in module.modules() if hasattr(part, "base_layer"))
        )
    )
    render(model, INK, preset="quality")
    handle.remove()
    assert len(seen) == 11
    assert all(seen)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("missing.safetensors", None, ModelUnavailable),
        ("damaged.safetensors", b"no safetensors", InputUnreadable),
    ],
)
def test_one_that_cannot_be_had_ends_the_job_before_any_step(
    hub_cache: Path, tmp_path: Path, name: str, content: bytes | None, error: type[Exception]
) -> None:
    model = model_under("resident", hub_cache, tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    steps: list[object] = []
    handle = model._ready().components.by_name["transformer"].register_forward_pre_hook(lambda *_: steps.append(None))
    with pytest.raises(error, match=r"^loras\[1\]"):
        render(model, INK, Lora(source=LoraSource(name)))
    handle.remove()
    assert steps == []
