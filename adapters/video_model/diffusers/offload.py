"""Model offload for one job: each component is on the device only while it works."""

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from domain.errors import GpuFailed


@contextmanager
def model_offload(pipeline: Any, device: str, *, home: str) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """Run `pipeline` on `device` with its components on the host, and bring them to `home` afterwards.

    Also after a failure: a callback that raised has skipped the pipeline's own clean-up of its hooks, and the
    frames of an exception hold the activations of the step that failed, which are let go first.

    Raises:
        GpuFailed: the weights could not be brought home. They are on two devices now: no later job could run.
    """
    try:
        pipeline.enable_model_cpu_offload(device=device)
        yield
    except BaseException as exc:
        _let_go(exc)
        raise
    finally:
        try:
            pipeline.remove_all_hooks()
            pipeline.to(home)
        except RuntimeError as exc:
            message = "The weights could not be brought back to the GPU; this worker will be replaced"
            raise GpuFailed(message) from exc


def _let_go(exc: BaseException) -> None:
    """Free what the frames of `exc` and of its causes hold on the device."""
    link: BaseException | None = exc
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
