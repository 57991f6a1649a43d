"""The decoder as a stream beside the whole decode: `python -m benchmarks.streamed_decode [--device cuda] [--true]`.

Random weights, from latents to 8-bit frames on the host. Without `--true`: decoders of the families' true depth and
options, but narrow ones. On a GPU both ways run in turns, and the peak is the allocator's; on the CPU each runs in a
process of its own, and the peak is what its resident memory rose by. Writes benchmarks/results/streamed_decode.json.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import attrs
import torch

from adapters.video_model.config import FamilyName
from adapters.video_model.diffusers.decoding import rgb24
from adapters.video_model.diffusers.streaming.coverage import covers
from adapters.video_model.diffusers.streaming.decoder import decode_stream
from benchmarks.gpu.architecture import ARCHITECTURES, Architecture
from benchmarks.gpu.building import build_module
from benchmarks.side_by_side import in_turns, table
from domain.grid import CropBox

Way = Literal["whole", "stream"]

NARROWER: Final = 16
"""By how much the channels of the narrow decoders are fewer than the true ones'."""
FRAMES: Final = (121, 481)
RUNS: Final = 3
_SIZES: Final = {"true": (1280, 704), "narrow": (192, 192)}
_FAMILIES: Final[tuple[FamilyName, ...]] = ("ltx-2", "ltx-2.3")
"""2.5's decoder is 2.3's."""
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_EXACT_HEAP: Final = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""glibc raises this as it goes; then what is resident depends on the heap's gaps (20 to 31 MiB for the same decode)."""
_MIB: Final = 1 << 20


@attrs.frozen(kw_only=True)
class Case:
    """One decode."""

    family: FamilyName
    frames: int
    device: str
    is_true: bool

    @property
    def size(self) -> tuple[int, int]:
        return _SIZES["true" if self.is_true else "narrow"]


@attrs.define
class Decode:
    """Runs a case in one way or the other."""

    case: Case
    _vae: Any
    _latents: torch.Tensor
    first_seconds: float = 0.0
    """Until the first frames of the latest run were on the host."""

    @classmethod
    def of(cls, case: Case) -> "Decode":
        vae = build_module(_architecture(case), "vae", device=case.device, dtype=torch.bfloat16)
        if not covers(vae):
            message = f"the stream does not cover the decoder of {case.family}"
            raise RuntimeError(message)
        noise = torch.Generator().manual_seed(5)
        shape = (1, vae.config.latent_channels, (case.frames - 1) // 8 + 1, case.size[1] // 32, case.size[0] // 32)
        latents = torch.randn(shape, generator=noise).to(case.device, torch.bfloat16)
        return cls(case, vae, latents)

    def pieces(self, way: Way) -> Iterator[torch.Tensor]:
        """uint8 frames on the host."""
        box = CropBox(0, 0, *self.case.size)
        if way == "stream":
            for piece in decode_stream(self._vae.decoder, self._latents):
                yield rgb24(piece[0], box).cpu()
            return
        with torch.no_grad():
            video = self._vae.decode(self._latents, None, return_dict=False)[0][0]
        for part in video.split(8, dim=1):
            yield rgb24(part, box).cpu()

    def seconds(self, way: Way) -> float:
        begin, self.first_seconds = time.perf_counter(), 0.0
        for _ in self.pieces(way):
            self.first_seconds = self.first_seconds or time.perf_counter() - begin
        return time.perf_counter() - begin

    def peak_bytes(self, way: Way) -> int:
        """What one run adds to the peak of the device's memory."""
        if not self.case.device.startswith("cuda"):
            return _in_child(self.case, way)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        self.seconds(way)
        return torch.cuda.max_memory_allocated() - before

    def difference(self) -> dict[str, float]:
        """Between the two ways, in levels of 8 bits."""
        most = changed = total = 0
        streamed = torch.cat(list(self.pieces("stream")))
        start = 0
        for whole in self.pieces("whole"):
            away = (streamed[start : start + len(whole)].int() - whole.int()).abs()
            start += len(whole)
            most, changed, total = max(most, int(away.max())), changed + int(away.count_nonzero()), total + away.numel()
        if start != len(streamed):
            message = f"the stream has {len(streamed)} frames, the whole decode {start}"
            raise RuntimeError(message)
        return {"most_levels": most, "changed_share": changed / total}


def _architecture(case: Case) -> Architecture:
    true = ARCHITECTURES["true"][case.family]
    if case.is_true:
        return true
    widths = true.vae.get("decoder_block_out_channels", (256, 512, 1024))
    narrow = {
        **true.vae,
        **{name: ARCHITECTURES["tiny"][case.family].vae[name] for name in ("latent_channels", "block_out_channels")},
        "layers_per_block": ARCHITECTURES["tiny"][case.family].vae["layers_per_block"],
        "decoder_block_out_channels": tuple(width // NARROWER for width in widths),
    }
    return attrs.evolve(true, vae=narrow)


def _measured(case: Case) -> dict[str, Any]:
    decode = Decode.of(case)
    first: dict[Way, float] = {}

    def run(way: Way) -> float:
        seconds = decode.seconds(way)
        first[way] = min(decode.first_seconds, first.get(way, seconds))
        return seconds

    seconds = in_turns({way: lambda way=way: run(way) for way in get_args(Way)}, runs=RUNS, warm=1)  # type: ignore[misc]  # bound at once
    peaks = {way: decode.peak_bytes(way) for way in get_args(Way)}
    difference = decode.difference()
    title = f"{case.family} {case.size[0]}x{case.size[1]}x{case.frames}"
    print(table(seconds, head=title))
    for way in get_args(Way):
        print(f"  {way}: first frames after {first[way]:.3f} s, peak {peaks[way] / _MIB:.0f} MiB")
    print(f"  differ by at most {difference['most_levels']} levels, in {difference['changed_share']:.2%} of all values")
    return {
        "case": attrs.asdict(case),
        "seconds": seconds,
        "first_seconds": first,
        "peak_bytes": peaks,
        **difference,
    }


def _in_child(case: Case, way: Way) -> int:
    """By how much a decode raises the peak of resident memory of a fresh process."""
    command = [sys.executable, "-m", "benchmarks.streamed_decode", "--peak", way, json.dumps(attrs.asdict(case))]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env={**os.environ, **_EXACT_HEAP})
    return int(done.stdout)


def _own_peak(case: Case, way: Way) -> int:
    small = Decode.of(attrs.evolve(case, frames=1))
    small.seconds(way)  # what code and libraries take is there after this
    decode = Decode.of(case)
    before = _resident_peak()
    decode.seconds(way)
    return _resident_peak() - before


def _resident_peak() -> int:
    found = _PEAK.search(Path("/proc/self/status").read_text(encoding="utf-8"))
    return 0 if found is None else int(found[1]) * 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streamed_decode", description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--true", action="store_true", help="decoders of the true sizes, at 1280x704")
    parser.add_argument("--peak", nargs=2, metavar=("WAY", "CASE"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.peak:
        way, case = given.peak
        print(_own_peak(Case(**json.loads(case)), way))
        return
    results = [
        _measured(Case(family=family, frames=frames, device=given.device, is_true=given.true))
        for family in _FAMILIES
        for frames in FRAMES
    ]
    from benchmarks import results as written  # noqa: PLC0415 - a child needs no libraries' versions

    growth = [
        long["peak_bytes"]["stream"] / short["peak_bytes"]["stream"]
        for short, long in zip(results[::2], results[1::2], strict=True)
    ]
    print(f"memory of the stream at {FRAMES[1]} over {FRAMES[0]} frames: {max(growth):.2f}")
    summary = {"stream_memory_growth": max(growth), "stream_levels": max(result["most_levels"] for result in results)}
    written.write("streamed_decode", summary, cases=results)


if __name__ == "__main__":
    main()
