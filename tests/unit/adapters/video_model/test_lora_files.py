"""What is read of an adapter's file, and which files are none."""

import json
import math
from pathlib import Path

import pytest
import torch

from adapters.video_model.diffusers.lora.layers import layers_of
from adapters.video_model.diffusers.lora.weights import LowRank, read_weights
from domain.errors import InputUnreadable
from tests.support.lora_files import Tensors, pair, written

BLOCK = "transformer_blocks.0.attn1.to_q"
LAYER = f"transformer.{BLOCK}"


def read(folder: Path, tensors: Tensors, configuration: object = None) -> LowRank:
    metadata = None if configuration is None else {"lora_adapter_metadata": json.dumps(configuration)}
    return read_weights(written(folder / "a.safetensors", tensors, metadata), "loras[0]")["transformer"][BLOCK]


def test_both_halves_are_read_as_they_are(tmp_path: Path) -> None:
    tensors = pair(LAYER, 8, 16)
    layer = read(tmp_path, tensors)
    assert torch.equal(layer.down, tensors[f"{LAYER}.lora_A.weight"])
    assert torch.equal(layer.up, tensors[f"{LAYER}.lora_B.weight"])
    assert (layer.rank, layer.alpha) == (4, 4.0)


def test_other_names_of_the_halves(tmp_path: Path) -> None:
    tensors = {
        name.replace("lora_A", "lora_down").replace("lora_B", "lora_up"): tensor
        for name, tensor in pair(LAYER, 8, 16).items()
    }
    assert read(tmp_path, tensors).up.shape == (16, 4)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("diffusion_model.patchify_proj", "proj_in"),
        ("diffusion_model.audio_patchify_proj", "audio_proj_in"),
        ("diffusion_model.adaln_single.linear", "time_embed.linear"),
        ("diffusion_model.transformer_blocks.3.ff.net.2", "transformer_blocks.3.ff.net.2"),
        ("text_embedding_projection.video_aggregate_embed", "video_text_proj_in"),
    ],
)
def test_the_makers_names_become_diffusers(tmp_path: Path, theirs: str, ours: str) -> None:
    tensors = pair(theirs, 8, 8) | {f"{theirs}.alpha": torch.tensor(2.0)} | pair(f"diffusion_model.{BLOCK}", 8, 8)
    layers = {layer.module: layer for layer in layers_of(written(tmp_path / "a.safetensors", tensors), "a")}
    assert set(layers) == {ours, BLOCK}
    assert layers[ours].component == ("connectors" if theirs.startswith("text") else "transformer")
    assert set(layers[ours].keys.values()) == {name for name in tensors if name.startswith(f"{theirs}.")}


@pytest.mark.parametrize(
    ("configuration", "alpha"),
    [
        ({}, 4.0),
        ({"transformer.lora_alpha": 8}, 8.0),
        ({"transformer.lora_alpha": 8, "transformer.use_rslora": True}, 16.0),
        ({"transformer.lora_alpha": 8, "transformer.alpha_pattern": {BLOCK: 2}}, 2.0),
        ({"transformer.lora_alpha": 8, "transformer.alpha_pattern": {"^" + BLOCK: 2}}, 2.0),
        ({"transformer.lora_alpha": 8, "transformer.alpha_pattern": {"attn1.to_q": 2}}, 2.0),
        ({"transformer.lora_alpha": 8, "transformer.alpha_pattern": {"n1.to_q": 2}}, 8.0),
        ({"connectors.lora_alpha": 8}, 4.0),
        ({"transformer.lora_alpha": 8, "transformer.init_lora_weights": "pissa"}, 8.0),
    ],
)
def test_the_strength_is_that_of_pefts_configuration(tmp_path: Path, configuration: object, alpha: float) -> None:
    assert read(tmp_path, pair(LAYER, 8, 8), configuration).alpha == alpha


def test_a_layers_own_alpha_comes_first(tmp_path: Path) -> None:
    tensors = pair(LAYER, 8, 8) | {f"{LAYER}.alpha": torch.tensor([3.0])}
    assert read(tmp_path, tensors, {"transformer.lora_alpha": 8}).alpha == 3.0


def half(name: str) -> Tensors:
    return {key: tensor for key, tensor in pair(name, 8, 8).items() if "lora_A" in key}


def with_own(name: str, tensor: torch.Tensor) -> Tensors:
    return pair(LAYER, 8, 8) | {f"{LAYER}.{name}": tensor}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (with_own("dora_scale", torch.ones(8)), "is a DoRA"),
        (with_own("lora_magnitude_vector.weight", torch.ones(8)), "is a DoRA"),
        (half(LAYER), f"holds half of a layer only: {BLOCK}"),
        (pair(LAYER, 8, 8) | half(LAYER.replace("to_q", "to_k")), "holds half of a layer only"),
        (pair("transformer_blocks.0.attn1.to_q", 8, 8), "is no LoRA for LTX-2, or one in a format that is not known"),
        (pair("unet.down_blocks.0.to_q", 8, 8), "it holds unet.down_blocks.0.to_q.lora_"),
        (pair("lora_unet_blocks_0_to_q", 8, 8), "is no LoRA for LTX-2"),
        # diffusers drops these two without a word
        (pair(f"diffusion_model.{BLOCK}", 8, 8) | pair("text_encoders.to_q", 8, 8), "it holds text_encoders.to_q"),
        (pair(f"diffusion_model.{BLOCK}", 8, 8) | pair(LAYER.replace("0", "1"), 8, 8), "it holds transformer.trans"),
        ({f"{LAYER}.weight": torch.ones(8, 8)}, "is no LoRA for LTX-2"),
        (with_own("lora_B.bias", torch.ones(8)), "is no LoRA for LTX-2"),
        (with_own("diff", torch.ones(8)), "is no LoRA for LTX-2"),
        (with_own("lora_up.weight", torch.ones(8, 4)), "has two tensors for the same part of a layer"),
        ({}, "holds no tensors"),
    ],
)
def test_files_that_are_no_such_adapter(tmp_path: Path, tensors: Tensors, message: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        layers_of(written(tmp_path / "a.safetensors", tensors), "loras[0]")
    assert caught.value.message.startswith("loras[0]: ")
    assert message in caught.value.message
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"lora_A.weight": torch.ones(3, 8)},
            r"holds no low-rank pair for transformer_blocks.*: \(3, 8\) and \(8, 4\)",
        ),
        ({"lora_A.weight": torch.ones(4, 8, 1)}, "holds no low-rank pair"),
        ({"lora_A.weight": torch.ones(0, 8), "lora_B.weight": torch.ones(8, 0)}, "holds no low-rank pair"),
        ({"lora_A.weight": torch.ones(4, 8, dtype=torch.int8)}, "holds no low-rank pair"),
        ({"alpha": torch.ones(2)}, "has no usable alpha"),
        ({"alpha": torch.tensor(math.inf)}, "has no usable alpha"),
    ],
)
def test_tensors_that_make_no_layer(tmp_path: Path, changed: Tensors, message: str) -> None:
    tensors = pair(LAYER, 8, 8) | {f"{LAYER}.{name}": tensor for name, tensor in changed.items()}
    with pytest.raises(InputUnreadable, match=message):
        read(tmp_path, tensors)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ([], "has damaged metadata"),
        ({"transformer.lora_alpha": "8"}, "has no usable alpha"),
        ({"transformer.lora_alpha": True}, "has no usable alpha"),
        ({"transformer.lora_alpha": 8, "transformer.alpha_pattern": {BLOCK: None}}, "has no usable alpha"),
        ({"transformer.use_dora": True}, "is a DoRA"),
    ],
)
def test_a_configuration_that_makes_no_sense(tmp_path: Path, configuration: object, message: str) -> None:
    with pytest.raises(InputUnreadable, match=message):
        read(tmp_path, pair(LAYER, 8, 8), configuration)


def test_metadata_that_is_no_json(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", pair(LAYER, 8, 8), {"lora_adapter_metadata": "{"})
    with pytest.raises(InputUnreadable, match="has damaged metadata"):
        read_weights(path, "loras[0]")


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04\x95pickle", b"\xff" * 100, (1 << 40).to_bytes(8, "little") + b"{}"]
)
def test_bytes_that_are_no_safetensors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(InputUnreadable, match="is damaged, or no safetensors file"):
        layers_of(tmp_path / "a.safetensors", "loras[0]")


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_a_file_that_ends_too_early(tmp_path: Path, kept: float) -> None:
    path = written(tmp_path / "a.safetensors", pair(LAYER, 512, 512))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(InputUnreadable, match="is damaged"):
        layers_of(path, "loras[0]")
