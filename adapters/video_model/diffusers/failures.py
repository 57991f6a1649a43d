"""torch's failures in the worker's terms: did not fit, device lost, or a bug of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from domain.errors import GpuFailed, OutOfMemory

_DID_NOT_FIT: Final = ("defaultcpuallocator", "out of memory", "_alloc_failed")
"""The host's allocator, CUDA's own error and the libraries' statuses, beside torch.OutOfMemoryError."""

_CONTEXT_LOST: Final = (
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
    "uncorrectable ecc",
    "ecc error",
    "misaligned address",
    "cublas_status_execution_failed",
    "cublas_status_internal_error",
    "cudnn_status_execution_failed",
    "cudnn_status_internal_error",
    "cuda error: unknown error",
    "gpu has fallen off the bus",
)
"""Errors after which every later call in the process fails too; only a new process helps."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise OutOfMemory or GpuFailed for what torch raises inside; everything else passes as it is."""
    try:
        yield
    except torch.OutOfMemoryError as exc:
        raise _out_of_memory() from exc
    except RuntimeError as exc:
        if any(sign in str(exc).lower() for sign in _DID_NOT_FIT):
            raise _out_of_memory() from exc
        if is_context_lost(exc):
            message = "The GPU's context was lost; this worker will be replaced"
            raise GpuFailed(message) from exc
        raise


def is_context_lost(exc: RuntimeError) -> bool:
    """Whether the device can do no more work in this process.

    CUDA's asynchronous errors stay until the process ends; torch raises them as AcceleratorError.
    """
    if isinstance(exc, torch.AcceleratorError):
        return True
    text = str(exc).lower()
    return any(sign in text for sign in _CONTEXT_LOST)


def _out_of_memory() -> OutOfMemory:
    message = (
        "The clip did not fit into the device's memory: try a smaller height and width, fewer num_frames or low_vram"
    )
    return OutOfMemory(message)
