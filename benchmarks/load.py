"""From files to weights that can be computed with, in GB/s: `python -m benchmarks.load [--scratch FOLDER]`.

A snapshot of 2.5 GB is made on the spot: VAE and latent upsampler of LTX-2.5 in their true shapes, in bfloat16, with
random bytes. It is loaded by the worker's loader, by `from_pretrained` as documented, and read plainly: several threads
`preadv` into fresh memory. In turns, with the files in the page cache and dropped from it. Both loaders map the files;
what is timed ends when a byte of each page of every weight was read. Libraries are imported before that.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.gpu.architecture import ARCHITECTURES, Architecture
from benchmarks.gpu.building import build_module
from benchmarks.page_cache import forget, keep, read_plainly
from benchmarks.quiet import quiet
from benchmarks.results import write
from benchmarks.side_by_side import in_turns, table
from benchmarks.snapshots import load_as_worker, load_plainly, save_snapshot, touch

COMPONENTS: Final = ("vae", "latent_upsampler")
RUNS: Final = 5
OURS: Final = "worker"
PLAIN: Final = "plain read"

_SEED_BYTES: Final = 64 << 20

Prepare = Callable[[Sequence[Path]], None]
CACHES: Final[Mapping[str, Prepare]] = {"warm": keep, "cold": forget}


def snapshot_of(architecture: Architecture, folder: Path) -> tuple[Path, ...]:
    """Write COMPONENTS with random bytes in bfloat16 into `folder`; the files of their weights."""
    noise = torch.randint(256, (_SEED_BYTES,), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    modules = {}
    for name in COMPONENTS:
        module = build_module(architecture, name, device="meta", dtype=torch.bfloat16).to_empty(device="cpu")
        for tensor in module.parameters():
            _fill(tensor, noise)
        modules[name] = module
    return save_snapshot(folder, modules)


def measure(folder: Path, files: Sequence[Path], prepare: Prepare, runs: int) -> dict[str, list[float]]:
    """GB/s of each run by the way. `prepare` is called with `files` before each."""
    size = sum(file.stat().st_size for file in files)
    ways: dict[str, Callable[[], Any]] = {
        OURS: lambda: _touched(load_as_worker(folder, COMPONENTS, "bfloat16")),
        "from_pretrained": lambda: _touched(load_plainly(folder, COMPONENTS, "bfloat16")),
        PLAIN: lambda: read_plainly(files),
    }

    def timed(way: Callable[[], Any]) -> float:
        gc.collect()
        prepare(files)
        begin = time.perf_counter()
        loaded = way()
        seconds = time.perf_counter() - begin
        del loaded
        return size / seconds / 1e9

    return in_turns({name: partial(timed, way) for name, way in ways.items()}, runs=runs, warm=1)


def _touched(modules: Sequence[torch.nn.Module]) -> Sequence[torch.nn.Module]:
    touch(modules)
    return modules


def _fill(tensor: torch.Tensor, noise: torch.Tensor) -> None:
    flat = tensor.detach().flatten().view(torch.uint8)
    size = noise.numel()
    for start in range(0, flat.numel(), size):
        part = flat[start : start + size]
        part.copy_(noise[: part.numel()])


def _measured(folder: Path) -> Iterator[tuple[str, dict[str, list[float]]]]:
    files = snapshot_of(ARCHITECTURES["true"]["ltx-2.5"], folder)
    print(f"{sum(file.stat().st_size for file in files) / 1e9:.2f} GB: {', '.join(COMPONENTS)}")
    for cache, prepare in CACHES.items():
        taken = measure(folder, files, prepare, RUNS)
        print(table(taken, head=f"page cache {cache}", unit="GB/s"))
        yield cache, taken


def main() -> None:
    """Measure, print a table for each state of the page cache, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    quiet()
    parser.add_argument("--scratch", type=Path, help="where the snapshot is made; default: the temporary folder")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().scratch) as folder:
        taken = dict(_measured(Path(folder)))
    summary = {f"load_{cache}_vs_read": max(rates[OURS]) / max(rates[PLAIN]) for cache, rates in taken.items()}
    print(", ".join(f"{name} {value:.2f}" for name, value in summary.items()))
    write("load", summary, components=COMPONENTS, gb_per_second=taken)


if __name__ == "__main__":
    main()
