"""From the last denoising step to the URL, one after the other and overlapped: `python -m benchmarks.tail`.

A clip of 768x512 and 121 frames. The model's chunks of 8 frames come at a set pace: all of them take as long as the
encoder, half as long, or twice as long. The encoder is the worker's own, with verification and hash; the store takes a
set time. "one after the other" is the same worker, with a model that makes all chunks before it hands out the first:
there decoding and encoding are measured alone. The limit is the longer of the two, and the store; verification counts
as encoding, though it can only begin when both have ended.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import attrs

from benchmarks.footage import panning
from benchmarks.intervals import Intervals
from benchmarks.jobs import container_in, handler_of, put_into, replied
from benchmarks.paced import Pace, PacedModel, SlowStore
from benchmarks.results import write
from benchmarks.side_by_side import table
from benchmarks.watching import ENCODER, MODEL, VERIFIER, WatchedEncoder, WatchedModel
from domain.geometry import ClipGeometry, FrameRate, Resolution

SHAPE: Final = ClipGeometry(Resolution(768, 512), 121, FrameRate(Fraction(24)))
UPLOAD: Final = 0.5
RUNS: Final = 5
WARM: Final = 4
SHARES: Final = (0.5, 1.0, 2.0)
"""Of the encoder's time that decoding takes. The bar is for 1: there both have most to gain from each other."""

APART: Final = "one after the other"
DECODE: Final = "decode alone"
ENCODE: Final = "encode and verification alone"


@attrs.frozen(kw_only=True)
class Tail:
    """Seconds of one job from its last step on: until the reply; of model, encoder, encoder and verification."""

    whole: float
    decode: float
    encoder: float
    encode: float


class Bench:
    """One worker, whose model is told before each job how it shall go."""

    def __init__(self, folder: Path, shape: ClipGeometry = SHAPE, upload: float = UPLOAD) -> None:
        self._shape = shape
        self.intervals = Intervals()
        self._model = PacedModel(panning(shape.resolution, shape.frames), Pace(denoise=0.0, decode=0.0))
        container = container_in(folder)
        put_into(
            container,
            model=WatchedModel(self._model, self.intervals),
            encoder=WatchedEncoder(container.encoder(), self.intervals),
            store=SlowStore(container.plain_store(), self.intervals, upload),
        )
        self._handler = handler_of(container)
        self._jobs = 0

    def tail(self, *, decode: float, at_once: bool) -> Tail:
        """Of one job, whose chunks take `decode` seconds together, and all come `at_once` or each in its time."""
        self._model.pace = Pace(denoise=0.0, decode=decode, whole=at_once)
        self._jobs += 1
        self.intervals.forget()
        size, frames = self._shape.resolution, self._shape.frames
        fields = {"prompt": "a dog", "seed": 1, "width": size.width, "height": size.height, "num_frames": frames}
        asyncio.run(replied(self._handler, self._jobs, fields))
        ended, begun = time.perf_counter(), self._model.denoised_at
        return Tail(
            whole=ended - begun,
            decode=sum(end - begin for begin, end in self.intervals.of(MODEL) if begin > begun),
            encoder=self.intervals.seconds(ENCODER),
            encode=self.intervals.seconds(ENCODER, VERIFIER),
        )


def measure(bench: Bench, runs: int) -> tuple[dict[str, list[float]], float]:
    """Seconds of each run by what they are of, and how long the encoder takes without verification."""
    encoder = min(bench.tail(decode=0.0, at_once=True).encoder for _ in range(WARM))
    taken: dict[str, list[float]] = {name: [] for name in (APART, DECODE, ENCODE, *map(overlapped, SHARES))}
    for _ in range(runs):
        apart = bench.tail(decode=encoder, at_once=True)
        taken[APART].append(apart.whole)
        taken[DECODE].append(apart.decode)
        taken[ENCODE].append(apart.encode)
        for share in SHARES:
            taken[overlapped(share)].append(bench.tail(decode=share * encoder, at_once=False).whole)
    return taken, encoder


def over_limit(taken: Mapping[str, Sequence[float]], upload: float, share: float = 1.0) -> float:
    """The overlapped tail over what cannot be undercut, by the least of each."""
    return min(taken[overlapped(share)]) / (max(share * min(taken[DECODE]), min(taken[ENCODE])) + upload)


def overlapped(share: float) -> str:
    """The name of a run in which decoding takes `share` of the encoder's time."""
    return f"overlapped, decode {share:g} x encoder"


def main() -> None:
    """Measure, print a table, write the JSON."""
    with tempfile.TemporaryDirectory() as folder:
        taken, encoder = measure(Bench(Path(folder)), RUNS)
    print(table(taken, head=f"{SHAPE.resolution}, {SHAPE.frames} frames; upload {UPLOAD} s"))
    ratios = {f"{share:g}": over_limit(taken, UPLOAD, share) for share in SHARES}
    saved = 1 - min(taken[overlapped(1.0)]) / min(taken[APART])
    told = ", ".join(f"{ratio:.3f} where decoding takes {share} x the encoder" for share, ratio in ratios.items())
    print(f"over the limit: {told}; {saved:.0%} saved where both take as long")
    summary = {"tail_over_limit": ratios["1"]}
    write("tail", summary, seconds=taken, over_limit=ratios, encoder=encoder, upload=UPLOAD)


if __name__ == "__main__":
    main()
