"""torch's failures in our terms."""

import pytest
import torch

from adapters.video_model.diffusers.failures import translated
from domain.errors import GpuFailed, OutOfMemory


def test_the_allocators_error_is_out_of_memory() -> None:
    with pytest.raises(OutOfMemory, match="low_vram") as caught, translated():
        message = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79 GiB"
        raise torch.OutOfMemoryError(message)
    assert "GiB" not in caught.value.message


def test_the_hosts_allocator_too() -> None:
    with pytest.raises(OutOfMemory), translated():
        torch.empty(1 << 60)


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "CUDA error: uncorrectable ECC error encountered",
    ],
)
def test_a_lost_context_asks_for_another_worker(message: str) -> None:
    with pytest.raises(GpuFailed) as caught, translated():
        raise RuntimeError(message)
    assert caught.value.refresh_worker


@pytest.mark.parametrize(
    "message", ["CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"]
)
def test_what_does_not_fit_is_out_of_memory_whoever_says_so(message: str) -> None:
    with pytest.raises(OutOfMemory), translated():
        raise RuntimeError(message)


@pytest.mark.parametrize(
    "message", ["CUDA error: an illegal instruction was encountered", "CUDA error: the launch timed out"]
)
def test_an_error_of_the_accelerator_stays_until_the_process_ends(message: str) -> None:
    with pytest.raises(GpuFailed), translated():
        raise torch.AcceleratorError(message)


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(RuntimeError, match="shape mismatch"), translated():
        message = "shape mismatch"
        raise RuntimeError(message)
