"""Adapters where they can go wrong: another model, no room, fp8 storage, group offload, the connectors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from adapters.video_model.diffusers.location import locate
from domain.errors import InputUnreadable, OutOfMemory
from tests.support.lora_bench import Bench
from tests.support.lora_files import Tensors, linear_sizes, tensors_for, written
from tests.support.tiny import tiny_config


@pytest.fixture(scope="module")
def snapshot(hub_cache: Path) -> Path:
    return locate(tiny_config(hub_cache, "builtin/tiny-2.3")).path


@pytest.fixture
def bench(snapshot: Path, tmp_path: Path) -> Bench:
    return Bench.of(snapshot, tmp_path)


def other_layers(bench: Bench) -> Tensors:
    return {name.replace("blocks.1", "blocks.47"): tensor for name, tensor in bench.tensors().items()}


def other_widths(bench: Bench) -> Tensors:
    return {
        name: torch.cat([tensor, tensor], -1) if "lora_A" in name else tensor
        for name, tensor in bench.tensors().items()
    }


def a_norm(bench: Bench) -> Tensors:
    return {name.replace("attn1.to_q", "attn1.norm_q"): tensor for name, tensor in bench.tensors().items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_layers, r"b\.safetensors: was made for another model: this one has no layer transformer_blocks\.47\."),
        (other_widths, r"b\.safetensors: was made for another model: .* has 64 inputs and 32 outputs, here 32 and 32"),
        (
            a_norm,
            r"b\.safetensors: was made for another model: this one has no layer transformer_blocks\.\d\.attn1\.norm",
        ),
    ],
)
def test_an_adapter_of_another_model_is_refused_and_leaves_no_trace(
    bench: Bench, change: Callable[[Bench], Tensors], message: str
) -> None:
    base = bench.out()
    wrong = written(bench.folder / "b.safetensors", change(bench))
    with pytest.raises(InputUnreadable, match=message) as caught:
        bench.with_loras((bench.file(), 1.0), (wrong, 1.0))
    assert str(bench.folder) not in caught.value.message
    assert torch.equal(bench.out(), base)
    bench.shelf.clear()
    assert bench.peft_layers() == 0


@pytest.mark.parametrize("earlier", [False, True])
def test_an_adapter_that_does_not_fit_into_memory_leaves_no_trace(bench: Bench, *, earlier: bool) -> None:
    base, kept, big = bench.out(), bench.file("a", 1, endings=("to_q",)), bench.file("b", 2)
    before = bench.with_loras((kept, 1.0)) if earlier else base
    count = bench.peft_layers()
    bench.transformer.room = False
    with pytest.raises(OutOfMemory):
        bench.with_loras((big, 1.0))
    bench.transformer.room = True
    assert torch.equal(bench.out(), base)
    if earlier:
        assert list(bench.transformer.peft_config) == list(bench.shelf._kept)
        assert torch.equal(bench.with_loras((kept, 1.0)), before)
    else:
        assert bench.peft_layers() == count == 0
    assert not torch.equal(bench.with_loras((big, 1.0)), base)


# --- fp8 storage and group offload ---------------------------------------------------------------------------------


def cast_to_fp8(bench: Bench) -> None:
    bench.transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16)


def offload_blocks(bench: Bench) -> None:
    cpu = torch.device("cpu")
    bench.transformer.enable_group_offload(cpu, cpu, offload_type="block_level", num_blocks_per_group=1)


def offload_leaves(bench: Bench) -> None:
    cpu = torch.device("cpu")
    bench.transformer.enable_group_offload(cpu, cpu, offload_type="leaf_level")


Change = Callable[[Bench], None]


@pytest.mark.parametrize(
    "changes",
    [[cast_to_fp8], [offload_blocks], [offload_leaves], [cast_to_fp8, offload_blocks], [offload_leaves, cast_to_fp8]],
)
def test_weights_in_fp8_and_group_offload_take_adapters_later_as_well_as_before(
    snapshot: Path, bench: Bench, changes: list[Change]
) -> None:
    reference = Bench.of(snapshot, bench.folder)
    reference.transformer.load_lora_adapter(bench.tensors(), prefix="transformer", adapter_name="own")
    for change in changes:
        change(reference)
        change(bench)
    base, wanted, file = bench.out(), reference.out(), bench.file()
    assert torch.equal(bench.with_loras((file, 1.0)), wanted)
    assert not torch.equal(wanted, base)
    assert torch.equal(bench.out(), base)
    other = bench.file("b", 2, endings=("to_q", "to_k"))
    assert not torch.equal(bench.with_loras((file, 1.0), (other, 1.0)), wanted)
    assert torch.equal(bench.with_loras((file, 1.0)), wanted)
    bench.shelf.clear()
    assert bench.peft_layers() == 0
    assert torch.equal(bench.out(), base)
    assert torch.equal(bench.with_loras((file, 1.0)), wanted)


def test_group_offload_carries_the_new_layers_too(bench: Bench) -> None:
    offload_leaves(bench)
    bench.with_loras((bench.file(), 1.0))
    added = [module for name, module in bench.transformer.named_modules() if ".lora_A.file_" in name]
    assert added
    assert all(module._diffusers_hook.get_hook("group_offloading") for module in added)


def test_the_numbers_are_in_the_compute_type_also_under_fp8(bench: Bench) -> None:
    cast_to_fp8(bench)
    bench.with_loras((bench.file(), 1.0))
    added = {name: value.dtype for name, value in bench.transformer.named_parameters() if ".lora_" in name}
    assert set(added.values()) == {torch.bfloat16}


# --- connectors ----------------------------------------------------------------------------------------------------


@pytest.fixture
def both(bench: Bench) -> Path:
    """A file that changes the transformer and the text's projection, in the makers' names."""
    text = tensors_for(linear_sizes(bench.connectors), "text_embedding_projection", ("text_proj_in",))
    text = {name.replace("text_proj_in", "aggregate_embed"): tensor for name, tensor in text.items()}
    return written(bench.folder / "both.safetensors", bench.tensors(prefix="diffusion_model") | text)


def test_layers_of_the_connectors_are_applied_and_told(bench: Bench, both: Path) -> None:
    base, text, only = bench.out(), bench.text(), bench.file()
    with bench.shelf.applied([(both, 1.0)]):
        assert not torch.equal(bench.text(), text)
        assert not torch.equal(bench.out(), base)
    assert torch.equal(bench.text(), text)
    with bench.shelf.applied([(only, 1.0)]):
        assert torch.equal(bench.text(), text)
    assert (bench.shelf.touches_connectors(both), bench.shelf.touches_connectors(only)) == (True, False)
    bench.shelf.clear()
    assert bench.peft_layers() == 0


def test_the_key_of_a_text_tells_the_adapters_that_change_it(bench: Bench, both: Path) -> None:
    only = bench.file()
    key = bench.shelf.text_key
    assert key([]) == key([(only, 1.0)]) == key([(both, 0.0)]) == ""
    assert key([(both, 1.0)]) == key([(only, 0.5), (both, 1.0)]) != ""
    assert key([(both, 1.0)]) != key([(both, 0.5)])


@pytest.mark.parametrize("full", ["transformer", "connectors"])
def test_it_is_in_both_components_or_in_none(bench: Bench, both: Path, full: str) -> None:
    base, text = bench.out(), bench.text()
    getattr(bench, full).room = False
    with pytest.raises(OutOfMemory), bench.shelf.applied([(both, 1.0)]):
        pytest.fail("it did not fit")
    assert (bench.peft_layers(), bench.shelf.held) == (0, 0)
    assert torch.equal(bench.out(), base)
    assert torch.equal(bench.text(), text)
