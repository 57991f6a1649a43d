"""What is wrong with a checkpoint or a device is said before a job pays for it."""

import logging
import shutil
from pathlib import Path

import attrs
import pytest
import torch

from adapters.video_model.diffusers.device import _require_gpu, chosen_device
from adapters.video_model.diffusers.loading import load_components
from adapters.video_model.diffusers.location import _cached, find, locate
from adapters.video_model.diffusers.preflight import check_device, check_memory, check_snapshot, has_code_for
from adapters.video_model.diffusers.video_model import DiffusersModel
from adapters.video_model.snapshot import RepositoryCache
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from domain.errors import ModelUnavailable, SettingsInvalid
from tests.support.tiny import tiny_config


@pytest.fixture
def copy(hub_cache: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(locate(tiny_config(hub_cache)).path, folder)
    return folder


def test_a_built_in_checkpoint_is_found_like_a_cached_model(hub_cache: Path) -> None:
    config = tiny_config(hub_cache)
    built = locate(config)
    cached = RepositoryCache.of(hub_cache, "builtin/tiny").resolve("main")
    assert cached == built
    assert built.path.parent == hub_cache / "models--builtin--tiny" / "snapshots"
    # The very loader of a downloaded model takes it under a Hub name, without the builder.
    other = hub_cache / "models--Lightricks--LTX-2"
    shutil.copytree(hub_cache / "models--builtin--tiny", other)
    hub_config = attrs.evolve(config, name="Lightricks/LTX-2", download=False)
    assert locate(hub_config).revision == built.revision
    assert DiffusersModel(hub_config).profile().name == "Lightricks/LTX-2"
    shutil.rmtree(other)


@pytest.mark.parametrize("name", list(CHECKPOINTS))
def test_a_built_in_checkpoint_is_the_same_in_every_build(hub_cache: Path, name: str) -> None:
    stored = load_components(locate(tiny_config(hub_cache, name)).path, dtype="float32").by_name
    torch.manual_seed(99)
    built = build_pipeline(CHECKPOINTS[name]).components
    for part in ("transformer", "vae", "audio_vae", "vocoder", "connectors", "text_encoder"):
        expected = built[part].state_dict()
        assert len(expected) > 10
        assert all(torch.equal(value, expected[key]) for key, value in stored[part].state_dict().items())


def test_building_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build_pipeline(CHECKPOINTS["builtin/tiny"])
    assert torch.equal(torch.rand(3), expected)


def test_damaged_weights_are_said_to_be_damaged(copy: Path, hub_cache: Path) -> None:
    (copy / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ModelUnavailable, match="damaged"):
        DiffusersModel(attrs.evolve(tiny_config(hub_cache), path=copy)).load()


def test_without_a_download_a_missing_model_says_where_to_put_it(tmp_path: Path) -> None:
    config = attrs.evolve(tiny_config(tmp_path), name="Lightricks/LTX-2", download=False)
    with pytest.raises(ModelUnavailable, match="Add the model under Cached Models"):
        locate(config)


def test_where_a_download_is_allowed_a_missing_model_is_not_yet_a_failure(tmp_path: Path) -> None:
    config = attrs.evolve(tiny_config(tmp_path), name="Lightricks/LTX-2")
    assert find(config) is None
    assert check_snapshot(config) == "Lightricks/LTX-2 is not in the Hub cache and will be downloaded from HuggingFace"


def test_a_cache_that_cannot_be_written_says_which_setting_to_change(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.touch()
    with pytest.raises(ModelUnavailable, match="set HF_HUB_CACHE"):
        locate(tiny_config(blocked))


def test_the_preflight_names_family_kind_and_what_presets_need(hub_cache: Path, copy: Path) -> None:
    whole = check_snapshot(tiny_config(hub_cache, "builtin/tiny-2.3"))
    assert whole.endswith(
        ", ltx-2.3 dev, complete with latent upsampler, temporal upsampler, distilled LoRA, prompt enhancement"
    )
    newest = check_snapshot(attrs.evolve(tiny_config(hub_cache, "builtin/tiny-2.5"), prompt_enhancer=True))
    assert newest.endswith("ltx-2.5 distilled, complete with latent upsampler, duration head, prompt enhancement")
    shutil.rmtree(copy / "latent_upsampler")
    next(copy.glob("*.safetensors")).unlink()
    bare = attrs.evolve(tiny_config(hub_cache), path=copy)
    assert check_snapshot(bare).endswith(", ltx-2 dev, complete with prompt enhancement")
    assert "ltx-2.3 by MODEL_FAMILY (recognised as ltx-2) dev" in check_snapshot(attrs.evolve(bare, family="ltx-2.3"))


def test_the_preflight_counts_the_weights_that_will_be_loaded(hub_cache: Path, copy: Path) -> None:
    config = attrs.evolve(tiny_config(hub_cache), path=copy)
    plain = check_memory(config)
    shutil.copytree(copy / "transformer", copy / "transformer_full")
    (copy / "transformer_full" / "more").mkdir()
    assert check_memory(config) == plain


def test_the_preflight_tells_how_the_weights_are_kept(hub_cache: Path) -> None:
    config = attrs.evolve(tiny_config(hub_cache), memory_policy="fp8")
    assert check_memory(config).endswith("kept fp8")
    assert check_memory(config, "group_offload").endswith("kept group_offload")


def test_a_static_checkpoint_cannot_be_run_as_a_dev_one(hub_cache: Path) -> None:
    config = attrs.evolve(tiny_config(hub_cache, "builtin/tiny-2.5"), distilled=False)
    with pytest.raises(SettingsInvalid) as refused:
        check_snapshot(config)
    assert [fault.path for fault in refused.value.faults] == ["MODEL_DISTILLED"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU that must not be there")
def test_a_gpu_that_is_not_there_is_a_wrong_setting(hub_cache: Path) -> None:
    with pytest.raises(SettingsInvalid, match='DEVICE is "cuda", but torch sees no GPU'):
        check_device(attrs.evolve(tiny_config(hub_cache), device="cuda"))
    assert chosen_device(None) == "cpu"


@pytest.mark.parametrize(("asked", "count"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1), ("cuda:7", 2)])
def test_a_gpu_beyond_the_last_is_a_wrong_setting(asked: str, count: int) -> None:
    with pytest.raises(SettingsInvalid, match=f'DEVICE is "{asked}"'):
        _require_gpu(asked, count)


@pytest.mark.parametrize(("asked", "count"), [("cuda", 1), ("cuda:0", 1), ("cuda:1", 2)])
def test_a_gpu_that_is_there_is_no_fault(asked: str, count: int) -> None:
    _require_gpu(asked, count)


def test_a_complete_snapshot_is_preferred_to_one_with_gaps(hub_cache: Path, tmp_path: Path) -> None:
    config = attrs.evolve(tiny_config(tmp_path / "own"), name="builtin/tiny", download=False)
    locate(tiny_config(hub_cache))
    shutil.copytree(hub_cache / "models--builtin--tiny", tmp_path / "own" / "models--builtin--tiny")
    (gap,) = (tmp_path / "own").rglob("vae/*.safetensors")
    gap.unlink()
    found = _cached(config, runpod_hub_cache=hub_cache)
    assert found is not None
    assert found.path.is_relative_to(hub_cache)
    incomplete = _cached(config, runpod_hub_cache=tmp_path / "nothing")
    assert incomplete is not None
    assert incomplete.path.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("capability", "runs"), [((8, 0), True), ((8, 9), True), ((9, 0), True), ((7, 5), False), ((12, 0), True)]
)
def test_machine_code_runs_on_later_minors_and_ptx_on_anything_later(capability: tuple[int, int], runs: bool) -> None:
    assert has_code_for(capability, ["sm_80", "sm_90a", "compute_100"]) is runs


@pytest.mark.parametrize("name", ["diffusers", "transformers", "huggingface_hub"])
def test_the_libraries_lines_go_through_the_root_logger_only(hub_cache: Path, name: str) -> None:
    DiffusersModel(tiny_config(hub_cache)).load()
    logger = logging.getLogger(name)
    assert logger.handlers == []
    assert logger.propagate
