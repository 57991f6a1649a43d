"""What can be said of model and device before anything is loaded."""

import re
from collections.abc import Sequence

import torch

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.device import chosen_device, device_name, free_bytes
from adapters.video_model.diffusers.location import COMPONENTS, find
from adapters.video_model.diffusers.placement import expected_bytes, memory_policy
from adapters.video_model.diffusers.recognition import read_config, recognise_family, recognise_recipe
from domain.errors import GpuFailed


def check_snapshot(config: ModelConfig) -> str:
    """One line on the checkpoint. Raises ModelUnavailable if it is missing and may not be downloaded."""
    snapshot = find(config)
    if snapshot is None:
        return f"{config.name} is not in the Hub cache and will be downloaded from HuggingFace"
    family = recognise_family(read_config(snapshot.path, "transformer/config.json"))
    recipe = recognise_recipe(family, read_config(snapshot.path, "scheduler/scheduler_config.json"))
    kind = "distilled" if recipe.is_distilled else "dev"
    return f"{config.name}, revision {snapshot.revision[:12]}, {family.name} {kind}, complete"


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


def check_memory(config: ModelConfig) -> str:
    """One line on how the weights will be held. Raises OutOfMemory if the GPU cannot hold the largest component."""
    device = chosen_device(config.device)
    snapshot = find(config)
    if snapshot is None:
        return "known once the model is downloaded"
    sizes = {name: size for name, size in expected_bytes(snapshot.path, config.dtype).items() if name in COMPONENTS}
    weights = f"{sum(sizes.values()) / 2**30:.1f} GiB of weights"
    if not device.startswith("cuda"):
        return f"{weights} in the host's memory"
    return f"{weights}, {memory_policy(sizes, free_bytes(device))}"


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
