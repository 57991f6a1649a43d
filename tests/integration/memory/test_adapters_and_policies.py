"""LoRA weights that are loaded while a policy is in force."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.hooks import is_attached
from adapters.video_model.diffusers.memory.residency import Residency
from domain.memory import MemoryPolicy
from tests.integration.memory.conftest import latents_of
from tests.integration.memory.device_memory import DEVICE, DeviceMemory


@pytest.fixture(scope="session")
def lora(tmp_path_factory: pytest.TempPathFactory, pristine: Components) -> Path:
    """Random, on the queries and keys of every attention."""
    generator = torch.Generator().manual_seed(5)
    weights: dict[str, torch.Tensor] = {}
    for name, part in pristine.by_name["transformer"].named_modules():
        if name.endswith(("to_q", "to_k")):
            weights[f"transformer.{name}.lora_A.weight"] = torch.randn(4, part.in_features, generator=generator)
            weights[f"transformer.{name}.lora_B.weight"] = torch.randn(part.out_features, 4, generator=generator)
    file = tmp_path_factory.mktemp("lora") / "ink.safetensors"
    save_file({name: tensor.bfloat16() for name, tensor in weights.items()}, file)
    return file


def pipeline_over(components: Components) -> Any:
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - seconds

    return LTX2Pipeline(**components.by_name)


@pytest.mark.parametrize("policy", ["model_offload", "group_offload", "leaf_offload"])
def test_an_adapter_loaded_under_a_policy_acts_as_on_resident_weights_and_leaves_nothing(
    components: Components, lora: Path, policy: MemoryPolicy
) -> None:
    memory = DeviceMemory()
    residency = Residency(components, "resident", DEVICE, by=memory)
    residency.settle()
    pipeline = pipeline_over(components)
    plain = latents_of(components, residency)
    pipeline.load_lora_weights(lora, adapter_name="ink")
    styled = latents_of(components, residency)
    pipeline.unload_lora_weights()
    assert not torch.equal(styled, plain)

    with residency.lowered(policy):
        with residency.using("transformer"):
            pipeline.load_lora_weights(lora, adapter_name="ink")
        assert is_attached(components.by_name["transformer"]) == (policy != "model_offload")
        assert torch.equal(latents_of(components, residency), styled)
        with residency.using("transformer"):
            pipeline.unload_lora_weights()
        assert torch.equal(latents_of(components, residency), plain)
    assert torch.equal(latents_of(components, residency), plain)


@pytest.mark.parametrize("lower", ["group_offload", "leaf_offload"])
def test_an_adapter_stays_the_same_when_fp8_weights_are_offloaded_beneath_it(
    components: Components, lora: Path, lower: MemoryPolicy
) -> None:
    residency = Residency(components, "fp8", DEVICE, by=DeviceMemory())
    residency.settle()
    pipeline = pipeline_over(components)
    plain = latents_of(components, residency)
    pipeline.load_lora_weights(lora, adapter_name="ink")
    _repair(components.by_name["transformer"], lora)
    styled = latents_of(components, residency)
    assert not torch.equal(styled, plain)
    with residency.using("text_encoder"):  # sends the transformer home, its adapter with it
        pass
    assert torch.equal(latents_of(components, residency), styled)
    with residency.lowered(lower):
        assert torch.equal(latents_of(components, residency), styled)
    pipeline.unload_lora_weights()
    assert torch.equal(latents_of(components, residency), plain)


def _repair(transformer: Any, file: Path) -> None:
    """diffusers creates the adapter's weights in the base layer's fp8; they are given their own values again."""
    stored = load_file(file)
    for name, parameter in transformer.named_parameters():
        if "lora_" in name:
            parameter.data = stored[f"transformer.{name.replace('.ink.weight', '.weight')}"].clone()
