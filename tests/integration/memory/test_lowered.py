"""One job under a leaner policy, and then as if it had never been."""

from collections.abc import Callable

import pytest
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.hooks import is_attached, offload_arguments
from adapters.video_model.diffusers.memory.residency import Residency
from domain.errors import GpuFailed
from domain.memory import LEANER, POLICIES, SLICED, MemoryPolicy, leaner_than
from tests.integration.memory.conftest import latents_of
from tests.integration.memory.device_memory import DEVICE, DeviceMemory

TRANSITIONS = [(policy, lower) for policy in POLICIES for lower in leaner_than(policy)]


def settled(components: Components, policy: MemoryPolicy, memory: DeviceMemory) -> Residency:
    residency = Residency(components, policy, DEVICE, by=memory)
    residency.settle()
    return residency


def places(components: Components, memory: DeviceMemory) -> dict[str, set[str]]:
    return {name: memory.place(module) for name, module in components.modules.items()}


def hooks(components: Components) -> dict[str, list[str]]:
    """Every hook of every part of every component, and every forward that hides its class's."""
    found: dict[str, list[str]] = {}
    for name, module in components.modules.items():
        for path, part in module.named_modules():
            registry = getattr(part, "_diffusers_hook", None)
            own = [] if registry is None else list(registry._hook_order)
            own += ["forward"] if "forward" in vars(part) else []
            if own:
                found[f"{name}.{path}"] = own
    return found


@pytest.mark.parametrize(("policy", "lower"), TRANSITIONS)
def test_afterwards_everything_is_as_before_and_the_next_job_too(
    components: Components, policy: MemoryPolicy, lower: MemoryPolicy
) -> None:
    memory = DeviceMemory()
    residency = settled(components, policy, memory)
    expected = latents_of(components, residency)
    placed, hooked, held = places(components, memory), hooks(components), memory.bytes
    with residency.lowered(lower) as lowered:
        assert lowered.policy == lower
        assert is_attached(components.by_name["transformer"]) == (lower in ("group_offload", "leaf_offload"))
        assert memory.bytes <= held
        assert torch.equal(latents_of(components, lowered), expected)
    assert residency.policy == policy
    assert hooks(components) == hooked
    assert torch.equal(latents_of(components, residency), expected)
    if policy != "fp8":  # there a forward has exchanged the weights for equal ones, which the fake cannot place
        assert places(components, memory) == placed
        assert memory.bytes == held


def test_every_step_of_the_ladder_is_a_transition() -> None:
    assert {(policy, lower) for policy, lower in LEANER.items() if lower is not None} <= set(TRANSITIONS)
    assert all(lower != "fp8" for _, lower in TRANSITIONS)


@pytest.mark.parametrize(("policy", "lower"), [("resident", "fp8"), ("model_offload", "text_offload"), ("fp8", "fp8")])
def test_there_is_no_way_to_fp8_or_up(components: Components, policy: MemoryPolicy, lower: MemoryPolicy) -> None:
    residency = settled(components, policy, DeviceMemory())
    with pytest.raises(ValueError, match=f"cannot go from {policy} to {lower}"), residency.lowered(lower):
        pytest.fail("the block must not begin")


def test_a_policy_is_not_changed_under_a_running_computation(components: Components) -> None:
    residency = settled(components, "resident", DeviceMemory())
    with residency.using("vae"), pytest.raises(ValueError, match="cannot go"), residency.lowered("leaf_offload"):
        pytest.fail("the block must not begin")


@pytest.mark.parametrize("lower", ["model_offload", "group_offload"])
def test_a_failed_job_leaves_the_former_policy_too(components: Components, lower: MemoryPolicy) -> None:
    memory = DeviceMemory()
    residency = settled(components, "resident", memory)
    expected, held = latents_of(components, residency), memory.bytes
    with pytest.raises(ZeroDivisionError), residency.lowered(lower), residency.using("transformer"):
        _ = 1 / 0
    assert memory.bytes == held
    assert hooks(components) == {}
    assert torch.equal(latents_of(components, residency), expected)


def test_a_former_policy_that_cannot_be_restored_ends_the_process(components: Components) -> None:
    memory = DeviceMemory()
    residency = settled(components, "resident", memory)
    with pytest.raises(GpuFailed), residency.lowered("model_offload"):
        memory.fails_after = 5


def test_a_forward_that_raised_leaves_no_block_on_the_device(components: Components) -> None:
    residency = settled(components, "group_offload", DeviceMemory())
    transformer = components.by_name["transformer"]
    last = transformer.transformer_blocks[1]
    group = last._diffusers_hook.get_hook("group_offloading").group
    moves: list[str] = []
    group.onload_ = _noted(group.onload_, "in", moves)
    group.offload_ = _noted(group.offload_, "out", moves)
    hook = last.ff.register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        latents_of(components, residency)
    hook.remove()
    assert moves == ["in", "out"]


def _noted(action: Callable[[], None], word: str, words: list[str]) -> Callable[[], None]:
    def noted() -> None:
        words.append(word)
        action()

    return noted


@pytest.mark.parametrize("policy", ["group_offload", "leaf_offload"])
def test_taken_off_hooks_let_the_module_move_again(components: Components, policy: MemoryPolicy) -> None:
    residency = settled(components, "model_offload", DeviceMemory())
    with residency.lowered(policy):
        assert all(is_attached(components.modules[name]) for name in SLICED & set(components.modules))
    transformer = components.by_name["transformer"]
    transformer.to("meta")  # diffusers ignores a move while group offload is on
    assert transformer.device.type == "meta"


def test_blocks_are_copied_ahead_on_a_gpu_only() -> None:
    gpu, cpu = offload_arguments("cuda:1", "block_level"), offload_arguments("cpu", "leaf_level")
    assert (gpu["use_stream"], gpu["record_stream"], gpu["num_blocks_per_group"]) == (True, True, 1)
    assert (gpu["onload_device"], gpu["offload_device"]) == (torch.device("cuda:1"), torch.device("cpu"))
    assert (cpu["use_stream"], cpu["record_stream"], cpu["num_blocks_per_group"]) == (False, False, None)
