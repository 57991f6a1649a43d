"""Times the reading of weights: the worker's loader beside plain `from_pretrained`, on the same files."""

import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import torch
from diffusers import AutoencoderKLLTX2Video
from diffusers.pipelines.ltx2 import LTX2TextConnectors

from adapters.video_model.diffusers.loading import load_components
from benchmarks.gpu.architecture import Architecture
from benchmarks.gpu.building import build_module
from benchmarks.gpu.clock import finish
from benchmarks.gpu.figures import Cache, LoadFigures, spread
from benchmarks.gpu.options import Options

_CLASSES: Final[Mapping[str, tuple[str, Any]]] = {
    "vae": ("diffusers", AutoencoderKLLTX2Video),
    "connectors": ("ltx2", LTX2TextConnectors),
}
"""By name: the library as `model_index.json` has it, and the class. True ones of 2.5 are 8 GB together."""

_PAGE: Final = 4096
_DISK_SHARE: Final = 0.5
"""Of the free space that may be taken."""

_Loader = Callable[[], Any]


def measure_loading(options: Options, architecture: Architecture) -> Iterator[LoadFigures]:
    """Cold (the files dropped from the page cache first) and warm. Nothing where the disk has no room.

    A file system that keeps a cache of its own, such as a network volume's, stays warm.
    """
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="gpu-benchmark-") as folder:
        snapshot = Path(folder)
        names = _save(options, architecture, snapshot)
        if not names:
            return
        loaders: dict[Literal["worker", "from_pretrained"], _Loader] = {
            "worker": lambda: _load_as_worker(options, snapshot, names),
            "from_pretrained": lambda: _load_plainly(options, snapshot, names),
        }
        for load in loaders.values():
            load()  # once not timed: imports, and the device's first allocations
        size = sum(file.stat().st_size for file in snapshot.glob("*/*.safetensors"))
        caches: tuple[Cache, ...] = ("cold", "warm") if sys.platform == "linux" else ("warm",)
        for cache in caches:
            taken: dict[str, list[float]] = {name: [] for name in loaders}
            for _ in range(options.rounds):
                for name, load in loaders.items():
                    _prepare(snapshot, cache)
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


def _save(options: Options, architecture: Architecture, snapshot: Path) -> tuple[str, ...]:
    """Write the components that the disk has room for; the names of those that were written."""
    saved = []
    for name in _CLASSES:
        dtype = getattr(torch, options.dtype)
        shapes = build_module(architecture, name, device="meta", dtype=dtype)
        if sum(tensor.nbytes for tensor in shapes.parameters()) > shutil.disk_usage(snapshot).free * _DISK_SHARE:
            print(f"loading: no room on the disk for {name}", file=sys.stderr)
            continue
        build_module(architecture, name, device=options.device, dtype=dtype).save_pretrained(snapshot / name)
        saved.append(name)
    if "vae" not in saved:
        (snapshot / "vae").mkdir()
        (snapshot / "vae" / "config.json").write_text("{}", encoding="utf-8")  # the worker looks into it
    index = {name: (_CLASSES[name][0], _CLASSES[name][1].__name__) for name in saved}
    (snapshot / "model_index.json").write_text(json.dumps({"_class_name": "LTX2Pipeline", **index}), encoding="utf-8")
    return tuple(saved)


def _load_as_worker(options: Options, snapshot: Path, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - diffusers has no types
    devices = dict.fromkeys(names, options.device)
    return load_components(snapshot, dtype=options.dtype, devices=devices).modules.values()


def _load_plainly(options: Options, snapshot: Path, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - diffusers has no types
    dtype = getattr(torch, options.dtype)
    return [_CLASSES[name][1].from_pretrained(snapshot / name, dtype=dtype).to(options.device) for name in names]


def _timed(load: _Loader, device: str) -> float:
    begin = time.perf_counter()
    modules = load()
    if device == "cpu":
        for module in modules:
            _touch(module)
    finish(device)
    seconds = time.perf_counter() - begin
    del modules
    gc.collect()
    return seconds


def _touch(module: torch.nn.Module) -> None:
    """Read a byte of each page: on the CPU the weights are views of a mapped file, which nobody has read yet."""
    for tensor in module.parameters():
        tensor.detach().flatten().view(torch.uint8)[::_PAGE].sum()


def _prepare(snapshot: Path, cache: Cache) -> None:
    for file in snapshot.glob("*/*.safetensors"):
        if cache == "cold":
            _forget(file)
        else:
            _read(file)


def _forget(file: Path) -> None:
    """Drop the file from the page cache. Only what is written to the disk can be dropped."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _read(file: Path) -> None:
    with file.open("rb", buffering=0) as stream:
        while stream.read(1 << 24):
            pass
