"""Adapters in a tiny transformer: their effect, and that nothing of it is left."""

from pathlib import Path

import pytest
import torch

from adapters.video_model.diffusers.location import locate
from domain.errors import InputUnreadable
from tests.support.lora_bench import Bench
from tests.support.lora_files import Tensors, written
from tests.support.tiny import tiny_config


@pytest.fixture(scope="module")
def snapshot(hub_cache: Path) -> Path:
    return locate(tiny_config(hub_cache, "builtin/tiny-2.3")).path


@pytest.fixture
def bench(snapshot: Path, tmp_path: Path) -> Bench:
    return Bench.of(snapshot, tmp_path)


def merged(bench: Bench, *changes: tuple[Tensors, float]) -> torch.Tensor:
    """The output of the transformer with the products added to its weights."""
    modules = dict(bench.transformer.named_modules())
    for tensors, factor in changes:
        for name in {name.partition(".lora_")[0] for name in tensors}:
            product = tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"]
            modules[name.removeprefix("transformer.")].weight.data += factor * product
    return bench.out()


def test_the_effect_is_that_of_the_products_added_to_the_weights(snapshot: Path, tmp_path: Path) -> None:
    bench = Bench.of(snapshot, tmp_path, torch.float32)
    one, other = bench.tensors(1), bench.tensors(2, endings=("to_q", "to_k"), rank=2)
    pairs = [(written(tmp_path / "one.safetensors", one), 0.5), (written(tmp_path / "other.safetensors", other), -1.5)]
    base, applied = bench.out(), bench.with_loras(*pairs)
    bench.shelf.clear()
    expected = merged(bench, (one, 0.5), (other, -1.5))
    assert (expected - base).abs().max() > 0.1
    torch.testing.assert_close(applied, expected, rtol=1e-4, atol=1e-5)


def test_a_layers_own_alpha_and_rank_count(snapshot: Path, tmp_path: Path) -> None:
    bench = Bench.of(snapshot, tmp_path, torch.float32)
    plain, scaled = bench.tensors(1, endings=("to_q",), rank=4), bench.tensors(2, endings=("to_k",), rank=8)
    alphas = {f"{name.partition('.lora_')[0]}.alpha": torch.tensor(2.0) for name in scaled}
    applied = bench.with_loras((written(tmp_path / "a.safetensors", plain | scaled | alphas), 1.0))
    bench.shelf.clear()
    torch.testing.assert_close(applied, merged(bench, (plain, 1.0), (scaled, 2 / 8)), rtol=1e-4, atol=1e-5)


def test_it_is_bit_for_bit_what_diffusers_own_loading_gives(snapshot: Path, bench: Bench) -> None:
    other = Bench.of(snapshot, bench.folder)
    other.transformer.load_lora_adapter(bench.tensors(), prefix="transformer", adapter_name="own")
    file = bench.file()
    assert torch.equal(bench.with_loras((file, 1.0)), other.out())
    other.transformer.set_adapters(["own"], [0.3])
    assert torch.equal(bench.with_loras((file, 0.3)), other.out())


def test_the_makers_names_mean_the_same_layers(bench: Bench) -> None:
    ours, theirs = bench.file("ours"), bench.file("theirs", prefix="diffusion_model")
    assert torch.equal(bench.with_loras((ours, 1.0)), bench.with_loras((theirs, 1.0)))


def test_outside_the_transformer_is_to_the_bit_what_it_was(bench: Bench) -> None:
    base, state = bench.out(), {name: value.clone() for name, value in bench.transformer.state_dict().items()}
    assert not torch.equal(bench.with_loras((bench.file(), 1.0)), base)
    assert bench.peft_layers() > 0
    assert torch.equal(bench.out(), base)
    bench.shelf.clear()
    assert bench.peft_layers() == 0
    assert torch.equal(bench.out(), base)
    left = bench.transformer.state_dict()
    assert left.keys() == state.keys()
    assert all(torch.equal(left[name], value) for name, value in state.items())


def test_a_scale_of_zero_is_no_adapter(bench: Bench) -> None:
    base = bench.out()
    file = bench.file()
    assert torch.equal(bench.with_loras((file, 0.0)), base)
    assert bench.shelf.held == 0
    assert torch.equal(bench.with_loras((file, 1.0), (file, -1.0)), base)


def test_neither_order_nor_what_ran_before_counts(bench: Bench) -> None:
    one, other, third = bench.file("a", 1), bench.file("b", 2, endings=("to_q", "to_k")), bench.file("c", 3)
    first = bench.with_loras((one, 1.0), (other, 0.5))
    bench.with_loras((third, 1.0))
    assert torch.equal(bench.with_loras((other, 0.5), (one, 1.0)), first)
    assert not torch.equal(bench.with_loras((one, 0.5), (other, 1.0)), first)
    twice = bench.with_loras((one, 0.5), (other, 0.5), (one, 0.5))
    assert torch.equal(twice, first)


def test_stages_follow_and_nest(bench: Bench) -> None:
    one, other = bench.file("a", 1), bench.file("b", 2)
    base, alone, both = bench.out(), bench.with_loras((one, 1.0)), bench.with_loras((one, 1.0), (other, 0.4))
    with bench.shelf.applied([(one, 1.0)]):
        assert torch.equal(bench.out(), alone)
        with bench.shelf.applied([(one, 1.0), (other, 0.4)]):
            assert torch.equal(bench.out(), both)
        assert torch.equal(bench.out(), alone)
        with bench.shelf.applied([]):
            assert torch.equal(bench.out(), base)
        assert torch.equal(bench.out(), alone)
    assert torch.equal(bench.out(), base)


def test_a_failed_job_leaves_nothing_active(bench: Bench) -> None:
    base = bench.out()
    with pytest.raises(ZeroDivisionError), bench.shelf.applied([(bench.file(), 1.0)]):
        raise ZeroDivisionError
    assert torch.equal(bench.out(), base)


def test_the_random_numbers_of_the_process_go_on_as_they_were(bench: Bench) -> None:
    state = torch.random.get_rng_state()
    bench.with_loras((bench.file(), 1.0))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_least_recently_used_leaves_first(snapshot: Path, tmp_path: Path) -> None:
    bench = Bench.of(snapshot, tmp_path, max_count=2)
    base = bench.out()
    one, other, third = (bench.file(name, seed) for seed, name in enumerate("abc"))
    outputs = [bench.with_loras((file, 1.0)) for file in (one, other)]
    bench.with_loras((one, 1.0))
    bench.with_loras((third, 1.0))
    assert (bench.shelf.held, bench.transformer.loads) == (2, 3)
    assert torch.equal(bench.with_loras((one, 1.0)), outputs[0])
    assert bench.transformer.loads == 3
    assert torch.equal(bench.with_loras((other, 1.0)), outputs[1])
    assert (bench.shelf.held, bench.transformer.loads) == (2, 4)
    assert torch.equal(bench.out(), base)


def test_a_kept_adapter_is_not_read_again(bench: Bench) -> None:
    file = bench.file()
    for scale in (1.0, 0.5, 1.0):
        bench.with_loras((file, scale))
    assert bench.transformer.loads == 1


def test_a_file_that_went_or_broke_since_it_was_found_is_told(bench: Bench) -> None:
    broken, gone = bench.file("a"), bench.folder / "b.safetensors"
    bench.with_loras((broken, 1.0))
    broken.write_bytes(b"no longer what is kept")
    with pytest.raises(InputUnreadable, match=r"a\.safetensors: is damaged"):
        bench.with_loras((broken, 1.0))
    with pytest.raises(InputUnreadable, match=r"b\.safetensors: is not there any more"):
        bench.with_loras((gone, 1.0))


def test_a_job_may_need_more_than_is_kept(snapshot: Path, tmp_path: Path) -> None:
    bench = Bench.of(snapshot, tmp_path, max_count=1)
    one, other = bench.file("a", 1), bench.file("b", 2)
    free = Bench.of(snapshot, tmp_path).with_loras((one, 1.0), (other, 1.0))
    assert torch.equal(bench.with_loras((one, 1.0), (other, 1.0)), free)
    assert bench.shelf.held == 1
    with bench.shelf.applied([(other, 1.0)]):
        assert bench.shelf.held == 1  # room is made first: both at once might not fit
    tight = Bench.of(snapshot, tmp_path, max_bytes=1)
    assert torch.equal(tight.with_loras((one, 1.0), (other, 1.0)), free)
    assert (tight.shelf.held, tight.shelf.held_bytes, tight.peft_layers()) == (0, 0, 0)


def test_what_is_kept_is_counted_in_the_bytes_that_it_takes(bench: Bench) -> None:
    tensors = bench.tensors()
    bench.with_loras((written(bench.folder / "a.safetensors", tensors), 1.0))
    assert bench.shelf.held_bytes == sum(tensor.numel() for tensor in tensors.values()) * torch.bfloat16.itemsize


def test_a_file_that_changed_is_another_adapter(bench: Bench) -> None:
    first = bench.with_loras((bench.file("a", 1), 1.0))
    second = bench.with_loras((bench.file("a", 2), 1.0))
    assert not torch.equal(first, second)
    assert torch.equal(second, bench.with_loras((bench.file("b", 2), 1.0)))
