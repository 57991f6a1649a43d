"""The device that the model runs on, and what it can tell of itself."""

import torch

from domain.errors import Fault, SettingsInvalid


def chosen_device(asked: str | None) -> str:
    """`asked` (DEVICE), else "cuda" if torch sees one, else "cpu".

    Raises:
        SettingsInvalid: a device was asked for that is not there.
    """
    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda"):
        _require_gpu(asked, torch.cuda.device_count() if torch.cuda.is_available() else 0)
    return asked


def device_name(device: str) -> str:
    """What a reply calls the device: the GPU's model, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def free_bytes(device: str) -> int:
    """Bytes of a CUDA device's memory that this process has or can get: what others have taken is not counted."""
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device)


def room(device: str) -> int | None:
    """Bytes of a CUDA device's memory that this process could still take; None on the CPU, which is not asked."""
    if not device.startswith("cuda"):
        return None
    return free_bytes(device) - torch.cuda.memory_allocated(device)


def _require_gpu(asked: str, count: int) -> None:
    """Raise SettingsInvalid unless `asked` ("cuda", "cuda:N") is one of `count` GPUs."""
    if count == 0:
        message = (
            f'is "{asked}", but torch sees no GPU: choose one for the endpoint, or a host driver that runs '
            f"CUDA {torch.version.cuda or '(this torch is a CPU build)'}, or set DEVICE=cpu"
        )
    elif int(asked.partition(":")[2] or 0) >= count:
        message = f'is "{asked}", but there are {count} GPUs, counted from 0'
    else:
        return
    fault = Fault("DEVICE", message)
    raise SettingsInvalid(str(fault), faults=(fault,))
