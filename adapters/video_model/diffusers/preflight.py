"""What can be said of model and device before anything is loaded."""

import re
from collections.abc import Sequence

import torch

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.device import chosen_device, device_name
from adapters.video_model.diffusers.location import find
from adapters.video_model.diffusers.recognition import CheckpointFacts, facts
from adapters.video_model.diffusers.source import budget_for, snapshot_source
from domain.errors import GpuFailed
from domain.memory import MemoryPolicy


def check_snapshot(config: ModelConfig) -> str:
    """One line on the checkpoint. Raises ModelUnavailable if it is missing and may not be downloaded."""
    snapshot = find(config)
    if snapshot is None:
        return f"{config.name} is not in the Hub cache and will be downloaded from HuggingFace"
    found = facts(snapshot.path, config)
    override = "" if found.family == found.recognised else f" by MODEL_FAMILY (recognised as {found.recognised})"
    kind = "distilled" if found.is_distilled else "dev"
    extras = _extras(found)
    rest = f" with {', '.join(extras)}" if extras else ""
    return f"{config.name}, revision {snapshot.revision[:12]}, {found.family}{override} {kind}, complete{rest}"


def check_device(config: ModelConfig) -> str:
    """One line on the device. Raises SettingsInvalid if DEVICE names one that is not there."""
    device = chosen_device(config.device)
    if not device.startswith("cuda"):
        return "no GPU, the model runs on the CPU (fine for the built-in checkpoints only)"
    free, total = torch.cuda.mem_get_info(device)
    capability = torch.cuda.get_device_capability(device)
    if not has_code_for(capability, torch.cuda.get_arch_list()):
        built = ", ".join(torch.cuda.get_arch_list())
        message = f"The installed torch has code for {built}, and this GPU is sm_{capability[0]}{capability[1]}"
        raise GpuFailed(message)
    return f"{device_name(device)}, {free / 2**30:.0f} of {total / 2**30:.0f} GiB free"


def check_memory(config: ModelConfig, kept: MemoryPolicy | None = None) -> str:
    """One line on how the weights will be held, or are: `kept` is the policy under which this process has them.

    What is free now says nothing of a process that has loaded them.

    Raises:
        SettingsInvalid: MEMORY_POLICY names a policy that cannot work here.
        OutOfMemory: the GPU is too small under every policy.
    """
    device = chosen_device(config.device)
    if find(config) is None:
        return "known once the model is downloaded"
    source = snapshot_source(config)
    policy = kept or budget_for(config, source, device).policy
    weights = f"{sum(source.weights.values()) / 2**30:.1f} GiB of weights"
    place = "" if device.startswith("cuda") else " in the host's memory"
    return f"{weights}{place}, kept {policy}"


def has_code_for(capability: tuple[int, int], architectures: Sequence[str]) -> bool:
    """Whether one of `architectures` ("sm_80", "compute_120") runs on a GPU of `capability`.

    Machine code runs on later minors of its major (sm_80 on 8.9); `compute_` entries are compiled for anything
    later (CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility").
    """
    for architecture in architectures:
        kind, _, number = architecture.partition("_")
        major, minor = int(re.sub(r"\D", "", number)[:-1]), int(re.sub(r"\D", "", number)[-1])
        if kind == "sm" and major == capability[0] and minor <= capability[1]:
            return True
        if kind == "compute" and (major, minor) <= capability:
            return True
    return False


def _extras(found: CheckpointFacts) -> list[str]:
    """What decides on presets and fields that not every checkpoint has."""
    has = {
        "latent upsampler": found.has_upsampler,
        "temporal upsampler": found.has_temporal_upsampler,
        "distilled LoRA": found.distilled_lora is not None,
        "duration head": found.has_duration_head,
        "prompt enhancement": found.can_enhance,
    }
    return [name for name, is_there in has.items() if is_there]
