"""Components are those that the pipeline class would load, to the bit, and nothing else of a snapshot is opened."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import torch
from diffusers import LTX2ConditionPipeline, LTX2ImageToVideoPipeline, LTX2Pipeline
from diffusers.pipelines.ltx2 import LTX2LatentUpsamplerModel
from structlog.testing import capture_logs

from adapters.video_model.config import BUILTIN_MODELS, DataType
from adapters.video_model.diffusers.loading import load_components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.recognition import facts
from domain.errors import ModelUnavailable
from tests.support.opened_files import OpenedFiles
from tests.support.tiny import tiny_config

NEWEST: Final = "builtin/tiny-2.5"
CLASSES: Final = (LTX2Pipeline, LTX2ConditionPipeline, LTX2ImageToVideoPipeline)


def tiny(hub_cache: Path, name: str = "builtin/tiny") -> Path:
    return locate(tiny_config(hub_cache, name)).path


@pytest.fixture(scope="module")
def newest(hub_cache: Path) -> Any:
    return LTX2Pipeline.from_pretrained(tiny(hub_cache, NEWEST), dtype=torch.float32, local_files_only=True)


def tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter and buffer, those too that no file has."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def assert_same(loaded: torch.nn.Module, expected: torch.nn.Module) -> None:
    assert type(loaded) is type(expected)
    assert not any(module.training for module in loaded.modules())
    left, right = tensors(loaded), tensors(expected)
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert (value.dtype, value.device) == (right[name].dtype, right[name].device), name
        assert torch.equal(value, right[name]), name


def modules(components: Mapping[str, Any]) -> dict[str, torch.nn.Module]:
    return {name: part for name, part in components.items() if isinstance(part, torch.nn.Module)}


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("name", BUILTIN_MODELS)
def test_they_are_the_pipelines_own_to_the_bit(hub_cache: Path, name: str, dtype: DataType) -> None:
    snapshot, kind = tiny(hub_cache, name), getattr(torch, dtype)
    loaded = load_components(snapshot, dtype=dtype, enhancer=True).by_name
    reference = LTX2Pipeline.from_pretrained(snapshot, dtype=kind, local_files_only=True).components
    upsamplers = {
        folder.name: LTX2LatentUpsamplerModel.from_pretrained(folder, dtype=kind)
        for folder in snapshot.glob("*_upsampler")
    }
    assert ("temporal_upsampler" in upsamplers) == (name == "builtin/tiny-2.3")
    expected = {**modules(reference), **upsamplers}
    assert modules(loaded).keys() == expected.keys()
    for part, module in modules(loaded).items():
        assert_same(module, expected[part])
    assert loaded["scheduler"].config == reference["scheduler"].config
    assert loaded["tokenizer"].get_vocab() == reference["tokenizer"].get_vocab()
    assert loaded["processor"].tokenizer.get_vocab() != {}


def test_loading_leaves_no_trace_in_the_process(hub_cache: Path) -> None:
    before = torch.get_rng_state()
    load_components(tiny(hub_cache, NEWEST), dtype="bfloat16", enhancer=True)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_dtype() == torch.float32


def test_weights_go_where_each_component_is_wanted(hub_cache: Path) -> None:
    devices = {"transformer": "meta", "text_encoder": "meta"}
    loaded = modules(load_components(tiny(hub_cache), dtype="bfloat16", devices=devices).by_name)
    at = {name: {tensor.device.type for tensor in tensors(module).values()} for name, module in loaded.items()}
    assert at == {name: {devices.get(name, "cpu")} for name in loaded}
    assert len(loaded) == 7


def test_the_prompt_enhancer_is_read_only_where_it_is_asked_for(hub_cache: Path) -> None:
    snapshot = tiny(hub_cache, NEWEST)
    with OpenedFiles(snapshot) as opened:
        loaded = load_components(snapshot, dtype="float32").by_name
    assert "prompt_enhancer" not in loaded
    assert {"duration_head", "processor", "latent_upsampler"} <= loaded.keys()
    assert not [file for file in opened.seen if file.startswith("prompt_enhancer")]


def test_nothing_else_of_a_snapshot_is_opened(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    shutil.copytree(tiny(hub_cache), snapshot)
    needed = {str(file.relative_to(snapshot)) for file in snapshot.rglob("*") if file.is_file()}
    shutil.copytree(snapshot / "transformer", snapshot / "transformer_full")
    shutil.copytree(snapshot / "vae", snapshot / "diffusion_decoder")
    shutil.copy(snapshot / "vae" / "diffusion_pytorch_model.safetensors", snapshot / "ltx-2-19b-dev.safetensors")
    shutil.copy(snapshot / "vae" / "diffusion_pytorch_model.safetensors", snapshot / "vae" / "other.safetensors")
    (snapshot / "README.md").touch()
    with OpenedFiles(snapshot) as opened:
        facts(snapshot, tiny_config(hub_cache))
        load_components(snapshot, dtype="float32", enhancer=True)
    assert opened.seen <= needed
    assert {file for file in needed if file.endswith(".safetensors")} <= opened.seen
    assert {"model_index.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer.json"} <= opened.seen


@pytest.mark.parametrize("has_upsampler", [True, False])
@pytest.mark.parametrize("pipeline_class", CLASSES)
def test_what_a_pipeline_class_saves_is_the_same_checkpoint(
    hub_cache: Path, tmp_path: Path, newest: Any, pipeline_class: Any, has_upsampler: bool
) -> None:
    snapshot, saved = tiny(hub_cache, NEWEST), tmp_path / "saved"
    pipeline_class(**newest.components).save_pretrained(saved)
    if has_upsampler:
        shutil.copytree(snapshot / "latent_upsampler", saved / "latent_upsampler")
    config = attrs.evolve(tiny_config(hub_cache, NEWEST), prompt_enhancer=True)
    ours, theirs = facts(snapshot, config), facts(locate(attrs.evolve(config, path=saved)).path, config)
    assert attrs.evolve(ours, has_upsampler=has_upsampler, can_enhance=False) == theirs  # they save no processor
    expected = modules(load_components(snapshot, dtype="float32", enhancer=True).by_name)
    loaded = modules(load_components(saved, dtype="float32", enhancer=True).by_name)
    assert expected.keys() - loaded.keys() == (set() if has_upsampler else {"latent_upsampler"})
    for name, module in loaded.items():
        assert_same(module, expected[name])


def test_shards_are_read_like_one_file(hub_cache: Path, tmp_path: Path, newest: Any) -> None:
    newest.save_pretrained(tmp_path / "saved", max_shard_size="60KB")
    for part, stem in (("text_encoder", "model"), ("transformer", "diffusion_pytorch_model")):
        assert len(list((tmp_path / "saved" / part).glob(f"{stem}-*-of-*.safetensors"))) > 2
    found = locate(attrs.evolve(tiny_config(hub_cache, NEWEST), path=tmp_path / "saved"))
    for name, module in modules(load_components(found.path, dtype="float32", enhancer=True).by_name).items():
        assert_same(module, newest.components[name])


def test_time_and_speed_of_each_component_are_logged(hub_cache: Path) -> None:
    snapshot = tiny(hub_cache)
    with capture_logs() as lines:
        loaded = load_components(snapshot, dtype="float32", devices={"vae": "meta"})
    told = {line["component"]: line for line in lines if line["event"] == "model.component_loaded"}
    assert told.keys() == loaded.modules.keys()
    assert next(iter(told)) == "text_encoder"
    assert {name for name, line in told.items() if line["device"] == "meta"} == {"vae"}
    for name, line in told.items():
        assert line["bytes"] == sum(file.stat().st_size for file in (snapshot / name).glob("*.safetensors"))
        assert line["gb_per_second"] == pytest.approx(line["bytes"] / line["seconds"] / 1e9, rel=0.5, abs=0.001)
    (total,) = (line for line in lines if line["event"] == "model.components_loaded")
    assert total["components"] == len(loaded.by_name)
    assert total["bytes"] == sum(line["bytes"] for line in told.values())
    assert total["seconds"] >= sum(line["seconds"] for line in told.values()) - 0.01


def test_another_class_than_the_libraries_have_is_not_loaded(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    shutil.copytree(tiny(hub_cache), snapshot)
    index = snapshot / "model_index.json"
    for library, kind in (("os", "system"), ("ltx2", "LTX9Vocoder")):
        index.write_text(index.read_text().replace('"ltx2",\n    "LTX2Vocoder"', f'"{library}",\n    "{kind}"'))
        with pytest.raises(ModelUnavailable, match=f"vocoder is a {kind} of {library}"):
            load_components(snapshot, dtype="float32")
        index.write_text(index.read_text().replace(f'"{library}",\n    "{kind}"', '"ltx2",\n    "LTX2Vocoder"'))
