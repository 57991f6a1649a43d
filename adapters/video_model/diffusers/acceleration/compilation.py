"""Regional torch.compile: one graph for all blocks of the transformer, its kernels kept between processes.

Measured on the CPU with a tiny checkpoint (diffusers 0.42.1, torch 2.13): a first call takes 28 to 47 s, 3.5 to 6 s
where a process before has filled the cache folder. The second number of frames is compiled once more, with
dynamic lengths; every later one is free. So are a second batch size and each kind of guidance pass. All of that
belongs before the first job: see `WARM_UP_FRAMES`.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch._dynamo.exc import FailOnRecompileLimitHit, TorchDynamoException
from torch._dynamo.utils import counters
from torch._inductor.exc import CppCompileError

from adapters.video_model.diffusers.acceleration.refusal import refusal

WARM_UP_FRAMES: Final = (9, 17)
"""Two lengths: the first is compiled for itself, the second for all lengths. For each recipe that will be asked
for, text and image to video apart: an input picture gives every token a timestep of its own, another graph."""

_VARIABLE: Final = "COMPILE"
_CACHE: Final = "COMPILE_CACHE_DIR"
_VARIANTS: Final = 64
"""Graphs kept for a block. The default of 8 is used up by one guided recipe (measured), and from then on torch runs
blocks without a word as if they had never been compiled, or fails where the graph must be whole."""
_COMPILERS: Final = ("cc", "gcc", "clang", "c++", "g++", "clang++")
"""Triton builds its launcher with one on a GPU, Inductor its kernels on a CPU."""


def check_compiler(find: Callable[[str], str | None] = shutil.which) -> None:
    """Raise SettingsInvalid if there is no C compiler to build kernels with."""
    if not any(find(compiler) for compiler in _COMPILERS):
        raise refusal(_VARIABLE, "needs a C compiler in the image, gcc for instance")


def check_cache(folder: Path) -> None:
    """Raise SettingsInvalid if `folder` cannot be made or written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as exc:
        raise refusal(_CACHE, "must name a folder that can be written") from exc


def compile_blocks(transformer: Any, *, cache: Path | None, needs_stg: bool) -> None:  # noqa: ANN401 - diffusers has no types
    """Have the transformer's blocks compiled on their next calls, in place.

    `cache`: where kernels are kept; workers may share it, for torch names them by version, device and code. They are
    executed: whoever can write there runs code in the worker. None: torch's own folder, which ends with the
    container. It is set as TORCHINDUCTOR_CACHE_DIR, which torch reads at each compilation, for this process and
    those that compile for it. This is the only place that sets it.

    `needs_stg`: whether spatio-temporal guidance will run. On a transformer with perturbed attention (2.3, 2.5) its
    pass branches on a tensor, which no whole graph can hold; it is then compiled in pieces.
    """
    if cache is not None:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    transformer.requires_grad_(False)  # as peft leaves it after the first LoRA: changed later, all is compiled anew
    transformer.compile_repeated_blocks(
        fullgraph=_is_whole(transformer, needs_stg=needs_stg), recompile_limit=_VARIANTS
    )


@contextmanager
def warming_up(transformer: Any) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """The generations inside compile the blocks; it is an error if they do not.

    Raises:
        SettingsInvalid: torch cannot compile them here, or has compiled nothing.
    """
    before = _graphs()
    try:
        yield
    except (TorchDynamoException, FailOnRecompileLimitHit, CppCompileError) as exc:
        raise refusal(_VARIABLE, "is true, but torch cannot compile the model here; see the log") from exc
    blocks = transformer.transformer_blocks
    if _graphs() == before or not all(block._compiled_call_impl for block in blocks):  # noqa: SLF001 - torch tells it nowhere else
        raise refusal(_VARIABLE, "is true, but nothing was compiled")


@contextmanager
def uncompiled() -> Iterator[None]:
    """Run compiled blocks as they were written, for a job with a LoRA.

    Each LoRA, and each scale of one, would be compiled anew: half a minute each (measured on the CPU).
    """
    with torch.compiler.set_stance("force_eager"):
        yield


def _is_whole(transformer: Any, *, needs_stg: bool) -> bool:  # noqa: ANN401 - diffusers has no types
    """Whether each block can be one graph, so that a break in it is an error and not a loss of speed."""
    return not (needs_stg and transformer.config.get("perturbed_attn", False))


def _graphs() -> int:
    return int(counters["stats"]["unique_graphs"])
