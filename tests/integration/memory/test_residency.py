"""Where the weights are at rest, in use, and after a failure."""

import weakref
from typing import Any

import pytest
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.hooks import is_attached
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.memory.sizes import loaded_bytes
from domain.errors import GpuFailed
from domain.memory import POLICIES, SLICED, MemoryPolicy, device_weights
from tests.integration.memory.conftest import latents_of
from tests.integration.memory.device_memory import DEVICE, DeviceMemory

TEXT = {"text_encoder", "connectors"}
REST = {"transformer", "vae", "audio_vae", "vocoder"}


def settled(components: Components, policy: MemoryPolicy, memory: DeviceMemory) -> Residency:
    residency = Residency(components, policy, DEVICE, by=memory)
    residency.settle()
    return residency


def on_device(components: Components, memory: DeviceMemory) -> set[str]:
    """The components on the device; none may be in two places."""
    places = {name: memory.place(module) for name, module in components.modules.items()}
    assert all(len(place) == 1 for place in places.values()), places
    return {name for name, place in places.items() if place == {"device"}}


def bytes_of(components: Components, names: set[str]) -> int:
    return sum(size for name, size in loaded_bytes(components).items() if name in names)


@pytest.mark.parametrize(
    ("policy", "at_rest"),
    [
        ("resident", TEXT | REST),
        ("text_offload", REST),
        ("model_offload", set()),
        ("fp8", REST),
        ("group_offload", set()),
        ("leaf_offload", set()),
    ],
)
def test_at_rest_the_device_holds_what_the_policy_keeps_there_and_nothing_else(
    components: Components, policy: MemoryPolicy, at_rest: set[str]
) -> None:
    memory = DeviceMemory()
    settled(components, policy, memory)
    assert on_device(components, memory) == at_rest
    assert memory.bytes == bytes_of(components, at_rest)
    hooked = {name for name, module in components.modules.items() if is_attached(module)}
    assert hooked == (SLICED & set(components.modules) if policy in ("group_offload", "leaf_offload") else set())


def test_coming_home_copies_nothing(components: Components) -> None:
    residency = settled(components, "model_offload", DeviceMemory())
    before = [tensor.data_ptr() for tensor in components.by_name["transformer"].parameters()]
    with residency.using("transformer"):
        assert [tensor.data_ptr() for tensor in components.by_name["transformer"].parameters()] != before
    assert [tensor.data_ptr() for tensor in components.by_name["transformer"].parameters()] == before


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_used_is_on_the_device_and_goes_home_afterwards(components: Components, policy: MemoryPolicy) -> None:
    memory = DeviceMemory()
    residency = settled(components, policy, memory)
    before, held = on_device(components, memory), memory.bytes
    for names in (("text_encoder", "connectors"), ("transformer", "vae"), ("vocoder",)):
        whole = set(names) if policy not in ("group_offload", "leaf_offload") else set(names) - SLICED
        with residency.using(*names):
            there = on_device(components, memory)
            assert whole <= there
            assert there - before <= whole
            assert memory.bytes == bytes_of(components, there)
        assert on_device(components, memory) == before
        assert memory.bytes == held


def test_the_estimate_counts_the_weights_that_are_really_there(components: Components) -> None:
    for policy in ("resident", "text_offload", "model_offload"):
        memory = DeviceMemory()
        residency = settled(components, policy, memory)
        for names in (("text_encoder", "connectors"), ("transformer", "vae", "audio_vae"), ("vae",)):
            with residency.using(*names):
                assert memory.bytes == device_weights(loaded_bytes(components), policy, names, layers=2)


def test_under_fp8_the_transformer_makes_room_for_the_text_side(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "fp8", memory)
    stored = {parameter.dtype for parameter in components.by_name["transformer"].parameters()}
    assert torch.float8_e4m3fn in stored
    with residency.using("text_encoder"):
        assert on_device(components, memory) == (REST - {"transformer"}) | {"text_encoder"}
        with residency.using("transformer"):
            assert on_device(components, memory) == REST | {"text_encoder"}


def test_fp8_weights_are_the_same_after_forwards_and_visits(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "fp8", memory)
    first = latents_of(components, residency)
    with residency.using("text_encoder"):
        pass
    assert on_device(components, memory) == REST
    assert torch.equal(latents_of(components, residency), first)


def test_fp8_weights_that_a_forward_exchanged_for_equal_ones_go_home_without_a_copy(components: Components) -> None:
    residency = settled(components, "fp8", DeviceMemory())
    homes = []
    for _ in range(2):
        with residency.using("text_encoder"):
            homes.append([tensor.data_ptr() for tensor in components.by_name["transformer"].parameters()])
        latents_of(components, residency)
    assert homes[0] == homes[1]


def test_the_transformer_comes_in_blocks_and_the_text_side_in_leaves(components: Components) -> None:
    settled(components, "group_offload", DeviceMemory())
    blocks = components.by_name["transformer"].transformer_blocks
    assert [offloaded(block) for block in blocks] == [True] * len(blocks)
    assert not any(offloaded(part) for part in blocks[0].modules() if part is not blocks[0])
    for name in ("text_encoder", "connectors"):
        layers = [part for part in components.modules[name].modules() if isinstance(part, torch.nn.Linear)]
        assert all(offloaded(layer) for layer in layers), name


def offloaded(module: torch.nn.Module) -> bool:
    """Whether this very module has a group of its own."""
    registry = getattr(module, "_diffusers_hook", None)
    return registry is not None and "group_offloading" in registry.hooks


def test_what_an_outer_block_uses_is_not_moved_by_an_inner_one(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "model_offload", memory)
    with residency.using("transformer", "vae"):
        copies = memory.copies
        with residency.using("vae", "transformer"):
            pass
        assert memory.copies == copies
        assert on_device(components, memory) == {"transformer", "vae"}


def test_resident_weights_never_move(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "resident", memory)
    copies = memory.copies
    with residency.using("transformer", "text_encoder"):
        pass
    assert memory.copies == copies


def test_names_that_the_checkpoint_lacks_are_ignored(components: Components) -> None:
    with settled(components, "model_offload", DeviceMemory()).using("prompt_enhancer", "scheduler"):
        pass


def test_a_whole_generation_has_the_same_bits_under_every_exact_policy(components: Components) -> None:
    residency = settled(components, "resident", DeviceMemory())
    expected = _generated(components, residency)
    for policy in ("model_offload", "group_offload", "leaf_offload"):
        with residency.lowered(policy):
            assert torch.equal(_generated(components, residency), expected), policy


def _generated(components: Components, residency: Residency) -> torch.Tensor:
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - seconds

    pipeline: Any = LTX2Pipeline(**components.by_name)
    pipeline.set_progress_bar_config(disable=True)
    with residency.using(*components.by_name):
        output = pipeline(
            prompt="rain",
            height=64,
            width=64,
            num_frames=9,
            num_inference_steps=2,
            generator=torch.Generator().manual_seed(1),
            output_type="latent",
        )
    frames: torch.Tensor = output.frames
    return frames


@pytest.mark.parametrize("copies", [0, 3, 60])
def test_a_component_that_does_not_fit_goes_home_and_may_come_again(components: Components, copies: int) -> None:
    memory = DeviceMemory()
    residency = settled(components, "model_offload", memory)
    expected = latents_of(components, residency)
    memory.fails_after = copies
    with pytest.raises(torch.OutOfMemoryError), residency.using("text_encoder", "transformer"):
        pytest.fail("the block must not begin")
    assert memory.bytes == 0
    memory.fails_after = None
    assert torch.equal(latents_of(components, residency), expected)


def test_a_failure_frees_its_activations_before_weights_come_back_to_the_device(components: Components) -> None:
    memory = DeviceMemory()
    activations: list[weakref.ref[torch.Tensor]] = []
    alive: list[bool] = []

    def watched(tensor: torch.Tensor, device: str) -> torch.Tensor:
        alive.extend(reference() is not None for reference in activations)
        return memory(tensor, device)

    def step() -> None:
        activation = torch.zeros(8)
        activations.append(weakref.ref(activation))
        message = "CUDA out of memory"
        raise torch.OutOfMemoryError(message)

    residency = Residency(components, "fp8", DEVICE, by=watched)
    residency.settle()
    with pytest.raises(torch.OutOfMemoryError), residency.using("text_encoder"):
        step()
    assert alive
    assert not any(alive)


def test_weights_that_cannot_come_back_end_the_process(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "fp8", memory)
    with pytest.raises(GpuFailed) as caught, residency.using("text_encoder"):
        memory.fails_after = 0
    assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)


def test_a_lost_device_is_told_as_such_even_if_the_job_failed_first(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "model_offload", memory)
    with pytest.raises(GpuFailed), residency.using("vae"):
        components.by_name["vae"].register_buffer("made_inside", memory(torch.ones(3), DEVICE))
        memory.is_lost = True
        message = "the job's own failure"
        raise KeyError(message)


def test_weights_added_or_exchanged_during_a_visit_come_home_as_they_are_then(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "model_offload", memory)
    vae = components.by_name["vae"]
    with residency.using("vae"):
        vae.register_buffer("added", memory(torch.full((2,), 7.0), DEVICE))
        vae.latents_std.data = memory(torch.full_like(vae.latents_std, 2.0), DEVICE)
    assert memory.place(vae) == {"host"}
    assert memory.bytes == 0
    assert torch.equal(vae.added, torch.full((2,), 7.0))
    assert torch.equal(vae.latents_std, torch.full_like(vae.latents_std, 2.0))
