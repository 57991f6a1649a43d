"""The acceleration switches as a whole: what goes with what, and what is done once after loading."""

from collections.abc import Callable
from typing import Final, ParamSpec

import torch

from adapters.video_model.config import Acceleration
from adapters.video_model.diffusers.acceleration.attention import check_attention
from adapters.video_model.diffusers.acceleration.compilation import check_cache, check_compiler, compile_blocks
from adapters.video_model.diffusers.acceleration.quantization import Quantized, check_quantization, quantize
from adapters.video_model.diffusers.acceleration.refusal import refusal
from adapters.video_model.diffusers.components import Components
from domain.errors import Fault, SettingsInvalid
from domain.memory import POLICIES, MemoryPolicy

_P = ParamSpec("_P")

_COMPILED: Final[frozenset[MemoryPolicy]] = frozenset({"resident", "text_offload", "model_offload"})
"""Not with hooks inside the blocks. Measured: whole graphs fail under fp8 storage and both kinds of group offload;
in pieces they run, with 46, 4 and 59 breaks in the graph of a block."""
_QUANTIZED: Final[frozenset[MemoryPolicy]] = frozenset({"resident", "text_offload"})
"""Where the transformer stays on the device: fp8 storage would cast torchao's packed weights, and moving them to and
fro is not tested."""


def policies_with(acceleration: Acceleration) -> tuple[MemoryPolicy, ...]:
    """The memory policies that go together with `acceleration`, from the fastest to the leanest.

    For the choice at start, for `low_vram`, and for the next try after out of memory.
    """
    return tuple(
        policy
        for policy in POLICIES
        if (policy in _COMPILED or not acceleration.compile)
        and (policy in _QUANTIZED or acceleration.quantization is None)
    )


def check(acceleration: Acceleration, policy: MemoryPolicy, device: str) -> None:
    """Everything that can be said before the weights are loaded.

    Raises:
        SettingsInvalid: with a fault for each switch that cannot do what it says.
    """
    faults = _faults(_check_policy, acceleration, policy)
    if acceleration.compile:
        faults += _faults(check_compiler)
    if acceleration.compile and acceleration.compile_cache is not None:
        faults += _faults(check_cache, acceleration.compile_cache)
    if acceleration.quantization is not None:
        faults += _faults(check_quantization, acceleration.quantization, device, _capability(device))
    if faults:
        raise SettingsInvalid("; ".join(map(str, faults)), faults=faults)


def activate(acceleration: Acceleration, components: Components, device: str, *, needs_stg: bool) -> Quantized | None:
    """Switch on what is asked for, once, while the transformer is on `device` and before any LoRA is loaded.

    `needs_stg`: whether a job may run spatio-temporal guidance. Returns what quantising did, if it was asked for.
    Compilation happens at the first calls: run the warm-up inside `compilation.warming_up`. The attention backend is
    only tried here: each job chooses it with `attention.attention`.

    Raises:
        SettingsInvalid: a switch cannot do what it says.
        OutOfMemory, GpuFailed: as anywhere on the device.
    """
    transformer = components.by_name["transformer"]
    check_attention(acceleration.attention, components, device)
    quantized = None if acceleration.quantization is None else quantize(transformer, acceleration.quantization)
    if acceleration.compile:
        compile_blocks(transformer, cache=acceleration.compile_cache, needs_stg=needs_stg)
    return quantized


def _faults(step: Callable[_P, None], *arguments: _P.args, **named: _P.kwargs) -> tuple[Fault, ...]:
    try:
        step(*arguments, **named)
    except SettingsInvalid as exc:
        return exc.faults
    return ()


def _check_policy(acceleration: Acceleration, policy: MemoryPolicy) -> None:
    possible = policies_with(acceleration)
    if policy not in possible:
        switch = "COMPILE" if acceleration.compile and policy not in _COMPILED else "QUANTIZATION"
        raise refusal(switch, f"does not go together with the memory policy {policy}, only with {', '.join(possible)}")


def _capability(device: str) -> tuple[int, int] | None:
    return torch.cuda.get_device_capability(device) if device.startswith("cuda") else None
