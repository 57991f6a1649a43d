"""Frees what a failure holds on the device."""

import gc
import traceback

import torch


def let_go(exc: BaseException) -> None:
    """Drop the variables in the frames of `exc` and of its causes: the activations of the step that failed."""
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
