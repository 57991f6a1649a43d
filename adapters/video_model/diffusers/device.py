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
    if asked.startswith("cuda") and not torch.cuda.is_available():
        message = (
            f'is "{asked}", but torch sees no GPU: choose one for the endpoint, or a host driver that runs '
            f"CUDA {torch.version.cuda or '(this torch is a CPU build)'}, or set DEVICE=cpu"
        )
        fault = Fault("DEVICE", message)
        raise SettingsInvalid(str(fault), faults=(fault,))
    return asked


def device_name(device: str) -> str:
    """What a reply calls the device: the GPU's model, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def free_bytes(device: str) -> int:
    """Bytes of a CUDA device's memory that nobody has taken."""
    free, _ = torch.cuda.mem_get_info(device)
    return free
