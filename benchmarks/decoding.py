"""What decoding in a child process costs beside decoding in this one: `python -m benchmarks.decoding`.

Goal: at most 5 ms more for a JPEG of 1920x1080.

100 runs of each, alternating, from the file's bytes to pixels that have been copied on, as the model's adapter does:
pages that nobody touched would cost nothing.
"""

import io
import random
import statistics
import time
from contextlib import closing
from typing import Final

from PIL import Image

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder, PictureDecoder, SandboxedDecoder, picture_sandbox
from application.job_control import JobControl
from benchmarks.results import write
from benchmarks.side_by_side import in_turns, table

RUNS: Final = 100
WARM: Final = 5
GOAL_MS: Final = 5.0
SIZE: Final = (1920, 1080)
LIMITS: Final = ImageLimits()


def photo() -> bytes:
    """A JPEG of SIZE with as much detail as a photo: noise at several scales."""
    chance = random.Random(1)  # noqa: S311 - the same picture each time
    picture = Image.new("L", SIZE, 128)
    for step in (64, 16, 4):
        small = (SIZE[0] // step, SIZE[1] // step)
        grains = Image.frombytes("L", small, chance.randbytes(small[0] * small[1]))
        picture = Image.blend(picture, grains.resize(SIZE, Image.Resampling.BICUBIC), 0.3)
    colours = Image.merge("RGB", (picture, picture.transpose(Image.Transpose.ROTATE_180), picture))
    file = io.BytesIO()
    colours.save(file, "JPEG", quality=90)
    return file.getvalue()


def milliseconds(decoder: PictureDecoder, data: bytes, target: bytearray) -> float:
    """Of one decode and one copy of the pixels."""
    begin = time.perf_counter()
    target[:] = decoder.decode(data, "image_url", LIMITS, JobControl()).pixels
    return 1000 * (time.perf_counter() - begin)


def measure(data: bytes) -> dict[str, list[float]]:
    """Milliseconds of each run by the place of the decoder."""
    with closing(picture_sandbox(LIMITS)) as sandbox:
        places: dict[str, PictureDecoder] = {
            "in process": InProcessDecoder(),
            "in the child": SandboxedDecoder(sandbox),
        }
        targets = {name: bytearray(3 * SIZE[0] * SIZE[1]) for name in places}
        ways = {name: lambda name=name: milliseconds(places[name], data, targets[name]) for name in places}
        taken = in_turns(ways, runs=RUNS, warm=WARM)
        if len({bytes(target) for target in targets.values()}) != 1:
            message = "the two places decode differently"
            raise RuntimeError(message)
    return taken


def main() -> None:
    """Measure, print a table, write the JSON."""
    data = photo()
    runs = measure(data)
    print(table(runs, head=f"JPEG {SIZE[0]}x{SIZE[1]}, {len(data) // 1024} KiB", unit="ms"))
    added = statistics.median(runs["in the child"]) - statistics.median(runs["in process"])
    print(f"the child adds {added:.2f} ms at the median of {RUNS} runs (goal: at most {GOAL_MS:.0f})")
    write("decoding", {}, bytes=len(data), added_median_ms=added, milliseconds=runs)


if __name__ == "__main__":
    main()
