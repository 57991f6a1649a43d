"""Model offload for one job: each component is on the device only while it works."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def model_offload(pipeline: Any, device: str, *, home: str) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """Run `pipeline` on `device` with its components on the host, and bring them to `home` afterwards.

    Also after a failure: a callback that raised has skipped the pipeline's own clean-up of its hooks.
    """
    pipeline.enable_model_cpu_offload(device=device)
    try:
        yield
    finally:
        pipeline.remove_all_hooks()
        pipeline.to(home)
