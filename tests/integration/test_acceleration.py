"""Each acceleration switch does what it says, or is refused at start with the variable's name."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from adapters.video_model.config import Acceleration
from adapters.video_model.diffusers.acceleration.compilation import (
    check_cache,
    check_compiler,
    compile_blocks,
    uncompiled,
    warming_up,
)
from adapters.video_model.diffusers.acceleration.quantization import check_quantization, quantize, stored_bytes
from adapters.video_model.diffusers.acceleration.switches import activate, check, policies_with
from adapters.video_model.diffusers.components import Components
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from domain.errors import SettingsInvalid
from domain.memory import POLICIES, MemoryPolicy
from tests.support.tiny_transformer import forward, transformer

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")
"""Raised by torch 2.13 itself while it imports its compiler."""


@pytest.fixture(scope="module")
def components() -> Components:
    return Components(build_pipeline(CHECKPOINTS["builtin/tiny-2.3"]).components)


# Compile


class _Recorder:
    """A transformer that tells how its blocks would be compiled."""

    def __init__(self, *, perturbed_attn: bool) -> None:
        self.config = {"perturbed_attn": perturbed_attn, "requires_grad": True}
        self.asked: dict[str, Any] = {}

    def requires_grad_(self, requires_grad: bool) -> None:
        self.config["requires_grad"] = requires_grad

    def compile_repeated_blocks(self, **asked: object) -> None:
        self.asked = asked


@pytest.mark.parametrize(("perturbed", "stg", "whole"), [(True, True, False), (True, False, True), (False, True, True)])
def test_a_block_is_one_graph_unless_guidance_branches_in_it(perturbed: bool, stg: bool, whole: bool) -> None:
    recorder = _Recorder(perturbed_attn=perturbed)
    compile_blocks(recorder, cache=None, needs_stg=stg)
    assert recorder.asked == {"fullgraph": whole, "recompile_limit": 64}
    assert not recorder.config["requires_grad"]


def test_the_cache_folder_is_made_and_must_be_writable(tmp_path: Path) -> None:
    check_cache(tmp_path / "new" / "cache")
    assert list((tmp_path / "new" / "cache").iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsInvalid, match="COMPILE_CACHE_DIR must name a folder that can be written"):
        check_cache(tmp_path / "file")


def test_a_compiler_is_needed() -> None:
    check_compiler(find=lambda name: "/usr/bin/gcc" if name == "gcc" else None)
    with pytest.raises(SettingsInvalid, match="COMPILE needs a C compiler"):
        check_compiler(find=lambda _: None)


def test_a_warm_up_that_compiles_nothing_is_an_error() -> None:
    model = transformer()
    with pytest.raises(SettingsInvalid, match="COMPILE is true, but nothing was compiled"), warming_up(model):
        forward(model)


def _store_in_fp8(model: Any) -> None:
    model.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.float32)


def _offload_blocks(model: Any) -> None:
    host = torch.device("cpu")
    model.enable_group_offload(host, host, offload_type="block_level", num_blocks_per_group=1)


def _offload_leaves(model: Any) -> None:
    host = torch.device("cpu")
    model.enable_group_offload(host, host, offload_type="leaf_level")


@pytest.mark.parametrize(
    ("policy", "apply"),
    [("fp8", _store_in_fp8), ("group_offload", _offload_blocks), ("leaf_offload", _offload_leaves)],
)
def test_what_torch_cannot_compile_is_an_error_of_the_switch_and_its_policy_refused(
    policy: MemoryPolicy, apply: Callable[[Any], None]
) -> None:
    assert policy not in policies_with(Acceleration(compile=True))
    model = transformer()
    apply(model)
    compile_blocks(model, cache=None, needs_stg=False)
    with pytest.raises(SettingsInvalid, match="COMPILE is true, but torch cannot compile"), warming_up(model):
        forward(model)


def test_compiled_blocks_can_run_as_they_were_written() -> None:
    model = transformer()
    expected = forward(model)
    compile_blocks(model, cache=None, needs_stg=False)
    with pytest.raises(SettingsInvalid, match="nothing was compiled"), warming_up(model), uncompiled():
        assert torch.equal(forward(model), expected)


# Quantisation


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchao", None)
    with pytest.raises(SettingsInvalid, match=r"QUANTIZATION is .int8., which needs a package .* torchao==") as refused:
        check_quantization("int8", "cpu", None)
    assert refused.value.faults[0].path == "QUANTIZATION"


@pytest.mark.parametrize("capability", [None, (8, 0), (8, 6)])
def test_fp8_needs_a_gpu_that_multiplies_in_it(capability: tuple[int, int] | None) -> None:
    pytest.importorskip("torchao")
    with pytest.raises(SettingsInvalid, match=r"needs a GPU of compute capability 8\.9 or later.*choose int8"):
        check_quantization("fp8", "the device", capability)
    check_quantization("fp8", "the device", (9, 0))
    check_quantization("int8", "the device", capability)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_int8_replaces_the_large_layers_of_the_inner_blocks(dtype: torch.dtype) -> None:
    pytest.importorskip("torchao")
    model, original = transformer(num_layers=4).to(dtype), transformer(num_layers=4).to(dtype)
    before = stored_bytes(model)
    done = quantize(model, "int8")
    packed = {name for name, value in model.named_parameters() if hasattr(value, "qdata")}
    assert {name.split(".")[1] for name in packed} == {"1", "2"}
    assert {name.split(".")[2] for name in packed} == {
        *("attn1", "audio_attn1", "audio_to_video_attn", "video_to_audio_attn", "ff", "audio_ff")
    }
    assert not [name for name in packed if "gate" in name]
    assert done.layers == len(packed) == 2 * (4 * 4 + 2 * 2)
    assert (done.bytes_before, done.bytes_after) == (before, stored_bytes(model))
    assert done.bytes_after < before
    assert {value.qdata.dtype for name, value in model.named_parameters() if name in packed} == {torch.int8}
    if dtype == torch.float32:
        result, expected = forward(model), forward(original)
        assert not torch.equal(result, expected)
        torch.testing.assert_close(result, expected, atol=0.05, rtol=0.05)


def test_a_checkpoint_without_inner_blocks_is_refused(components: Components) -> None:
    pytest.importorskip("torchao")
    with pytest.raises(SettingsInvalid, match='QUANTIZATION is "int8", but the checkpoint has no layer'):
        activate(Acceleration(quantization="int8"), components, "cpu", needs_stg=False)


# All switches


@pytest.mark.parametrize(
    ("acceleration", "policies"),
    [
        (Acceleration(), POLICIES),
        (Acceleration(attention="native"), POLICIES),
        (Acceleration(compile=True), ("resident", "text_offload", "model_offload")),
        (Acceleration(quantization="int8"), ("resident", "text_offload")),
        (Acceleration(compile=True, quantization="int8"), ("resident", "text_offload")),
    ],
)
def test_the_policies_that_go_with_a_switch(acceleration: Acceleration, policies: tuple[MemoryPolicy, ...]) -> None:
    assert policies_with(acceleration) == policies


def test_every_switch_that_cannot_work_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchao", None)
    (tmp_path / "file").write_bytes(b"")
    asked = Acceleration(compile=True, compile_cache=tmp_path / "file", quantization="fp8")
    with pytest.raises(SettingsInvalid, match="memory policy group_offload, only with resident") as refused:
        check(asked, "group_offload", "cpu")
    assert [fault.path for fault in refused.value.faults] == ["COMPILE", "COMPILE_CACHE_DIR", "QUANTIZATION"]


def test_without_switches_nothing_is_checked_or_changed(components: Components) -> None:
    check(Acceleration(), "leaf_offload", "cpu")
    assert activate(Acceleration(), components, "cpu", needs_stg=True) is None
    blocks = components.by_name["transformer"].transformer_blocks
    assert not any(block._compiled_call_impl for block in blocks)


def test_activating_tries_the_attention_backend_and_marks_the_blocks_for_compiling(
    components: Components, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")  # set back at the end
    model = transformer()
    own = Components({**components.by_name, "transformer": model})
    with pytest.raises(SettingsInvalid, match="ATTENTION_BACKEND"):
        activate(Acceleration(attention="sage"), own, "cpu", needs_stg=True)
    activate(Acceleration(attention="native", compile=True, compile_cache=tmp_path), own, "cpu", needs_stg=True)
    assert all(block._compiled_call_impl for block in model.transformer_blocks)
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]) == tmp_path
