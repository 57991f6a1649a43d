"""Times the reading of weights: the worker's loader beside plain `from_pretrained`, on the same files."""

import gc
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import torch

from benchmarks.gpu.architecture import Architecture
from benchmarks.gpu.building import build_module
from benchmarks.gpu.clock import finish
from benchmarks.gpu.figures import Cache, LoadFigures, spread
from benchmarks.gpu.options import Options
from benchmarks.page_cache import forget, keep
from benchmarks.snapshots import load_as_worker, load_plainly, save_snapshot, touch

_COMPONENTS: Final = ("vae", "connectors")
"""True ones of 2.5 are 8 GB together."""

_DISK_SHARE: Final = 0.5
"""Of the free space that may be taken."""

_Loader = Callable[[], Sequence[torch.nn.Module]]


def measure_loading(options: Options, architecture: Architecture) -> Iterator[LoadFigures]:
    """Cold (the files dropped from the page cache first) and warm. Nothing where the disk has no room.

    A file system that keeps a cache of its own, such as a network volume's, stays warm.
    """
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="gpu-benchmark-") as folder:
        snapshot = Path(folder)
        names, files = _save(options, architecture, snapshot)
        if not files:
            return
        loaders: dict[Literal["worker", "from_pretrained"], _Loader] = {
            "worker": lambda: load_as_worker(snapshot, names, options.dtype, options.device),
            "from_pretrained": lambda: load_plainly(snapshot, names, options.dtype, options.device),
        }
        for load in loaders.values():
            load()  # once not timed: imports, and the device's first allocations
        size = sum(file.stat().st_size for file in files)
        caches: tuple[Cache, ...] = ("cold", "warm") if sys.platform == "linux" else ("warm",)
        for cache in caches:
            taken: dict[str, list[float]] = {name: [] for name in loaders}
            for _ in range(options.rounds):
                for name, load in loaders.items():
                    (forget if cache == "cold" else keep)(files)
                    taken[name].append(_timed(load, options.device))
            for name in loaders:
                seconds = spread(taken[name])
                yield LoadFigures(
                    family=architecture.family,
                    components=names,
                    file_bytes=size,
                    cache=cache,
                    subject=name,
                    seconds=seconds,
                    gb_per_second=size / seconds.median / 1e9,
                )


def _save(options: Options, architecture: Architecture, snapshot: Path) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Write the components that the disk has room for: the names of those that were written, and their files."""
    saved: dict[str, Any] = {}
    dtype = getattr(torch, options.dtype)
    room = shutil.disk_usage(snapshot).free * _DISK_SHARE
    for name in _COMPONENTS:
        shapes = build_module(architecture, name, device="meta", dtype=dtype)
        room -= sum(tensor.nbytes for tensor in shapes.parameters())
        if room < 0:
            print(f"loading: no room on the disk for {name}", file=sys.stderr)
            break
        saved[name] = build_module(architecture, name, device=options.device, dtype=dtype)
    return tuple(saved), save_snapshot(snapshot, saved) if saved else ()


def _timed(load: _Loader, device: str) -> float:
    begin = time.perf_counter()
    modules = load()
    if device == "cpu":
        touch(modules)
    finish(device)
    seconds = time.perf_counter() - begin
    del modules
    gc.collect()
    return seconds
