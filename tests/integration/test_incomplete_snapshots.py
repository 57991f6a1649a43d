"""A snapshot with gaps or damage says where, before or instead of a load that would go wrong later."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import torch
from diffusers import LTX2Pipeline
from safetensors.torch import load_file, save_file

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.inventory import missing_files
from adapters.video_model.diffusers.loading import load_components
from adapters.video_model.diffusers.location import locate
from domain.errors import ModelUnavailable
from tests.support.tiny import tiny_config

NOT_NEEDED: Final = {
    "ltx-2-tiny-distilled-lora-4.safetensors",  # presets are decided on it
    "processor/chat_template.jinja",  # without it, prompts are not enhanced
    "prompt_enhancer/generation_config.json",  # defaults
    "text_encoder/generation_config.json",
}


def settings(hub_cache: Path, name: str = "builtin/tiny") -> ModelConfig:
    return attrs.evolve(tiny_config(hub_cache, name), prompt_enhancer=True)


@pytest.fixture
def copy(hub_cache: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(locate(tiny_config(hub_cache)).path, folder)
    return folder


def sharded(hub_cache: Path, folder: Path) -> Path:
    source = locate(tiny_config(hub_cache)).path
    pipeline = LTX2Pipeline.from_pretrained(source, dtype=torch.float32, local_files_only=True)
    pipeline.save_pretrained(folder, max_shard_size="60KB")
    return folder


def missed(snapshot: Path) -> dict[str, tuple[str, ...]]:
    """What is said to be missing, after each file in turn was taken away, by that file."""
    found = {}
    for file in sorted(path for path in snapshot.rglob("*") if path.is_file()):
        aside = snapshot.parent / "aside"
        file.rename(aside)
        found[str(file.relative_to(snapshot))] = missing_files(snapshot, enhancer=True)
        aside.rename(file)
    return found


@pytest.mark.parametrize("name", ["builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5"])
def test_every_file_that_is_needed_is_named_when_it_is_missing(hub_cache: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(locate(tiny_config(hub_cache, name)).path, tmp_path / "checkpoint")
    found = missed(tmp_path / "checkpoint")
    assert len(found) > 15
    assert found == {file: () if file in NOT_NEEDED else (file,) for file in found}


def test_every_shard_is_named_when_it_is_missing(hub_cache: Path, tmp_path: Path) -> None:
    found = missed(sharded(hub_cache, tmp_path / "checkpoint"))
    without_index = {file: (file.removesuffix(".index.json"),) for file in found if file.endswith(".index.json")}
    assert len(without_index) > 3
    assert len(found) > 40
    assert found == {file: () if file in NOT_NEEDED else without_index.get(file, (file,)) for file in found}


def test_what_is_called_not_needed_is_not(copy: Path, hub_cache: Path) -> None:
    for file in NOT_NEEDED:
        (copy / file).unlink(missing_ok=True)
    found = locate(attrs.evolve(settings(hub_cache), path=copy))
    assert len(load_components(found.path, dtype="float32").modules) == 7


@pytest.mark.parametrize("file", ["vae/config.json", "latent_upsampler/diffusion_pytorch_model.safetensors"])
def test_locating_an_incomplete_snapshot_says_which_file_and_no_path(copy: Path, hub_cache: Path, file: str) -> None:
    (copy / file).unlink()
    with pytest.raises(ModelUnavailable, match=f"incomplete, it lacks {file}") as caught:
        locate(attrs.evolve(settings(hub_cache), path=copy))
    assert str(copy) not in caught.value.message


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def garbage(file: Path) -> None:
    file.write_bytes(b"not safetensors")


def pointer(file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 6080660\n")


@pytest.mark.parametrize("damage", [cut, garbage, pointer])
@pytest.mark.parametrize("file", ["text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors"])
def test_a_damaged_file_is_named_before_anything_is_loaded(
    copy: Path, hub_cache: Path, file: str, damage: Callable[[Path], None]
) -> None:
    damage(copy / file)
    with pytest.raises(ModelUnavailable, match=f"is damaged, or its download was cut off: {file}$") as caught:
        locate(attrs.evolve(settings(hub_cache), path=copy))
    assert str(copy) not in caught.value.message
    with pytest.raises(ModelUnavailable, match=f"The {file.partition('/')[0]} of the checkpoint cannot be loaded"):
        load_components(copy, dtype="float32")


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("transformer", {"num_layers": "two"}),
        ("transformer", {"audio_cross_attention_dim": 24}),
        ("text_encoder", {"text_config": {"hidden_size": 48}}),
        ("connectors", {"video_connector_num_layers": None}),
    ],
)
def test_a_configuration_that_does_not_fit_the_weights_names_the_component(
    copy: Path, part: str, changes: dict[str, Any]
) -> None:
    edit(copy / part / "config.json", **changes)
    with pytest.raises(ModelUnavailable, match=f"The {part} of the checkpoint cannot be loaded") as caught:
        load_components(copy, dtype="float32")
    assert str(copy) not in caught.value.message


@pytest.mark.parametrize(
    ("file", "weight"),
    [
        ("vae/diffusion_pytorch_model.safetensors", "decoder.conv_out.conv.weight"),
        ("text_encoder/model.safetensors", "layers.0.mlp.up_proj.weight"),
    ],
)
def test_weights_that_the_files_lack_are_not_made_up(copy: Path, file: str, weight: str) -> None:
    content = load_file(copy / file)
    (name,) = (name for name in content if name.endswith(weight) and "vision" not in name)
    content.pop(name)
    save_file(content, copy / file, metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match=rf"lack 1 weights, .*{weight}"):
        load_components(copy, dtype="float32")


def test_a_text_encoder_may_come_without_the_parts_that_see(copy: Path) -> None:
    file = copy / "text_encoder" / "model.safetensors"
    content = {name: value for name, value in load_file(file).items() if "vision" not in name}
    save_file(content, file, metadata={"format": "pt"})
    assert "text_encoder" in load_components(copy, dtype="float32").by_name


def test_a_decoder_that_takes_a_timestep_is_refused(copy: Path) -> None:
    edit(copy / "vae" / "config.json", timestep_conditioning=True)
    with pytest.raises(ModelUnavailable, match="decodes with a timestep"):
        load_components(copy, dtype="float32")
