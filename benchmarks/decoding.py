"""What decoding in a child process costs beside decoding in this one: `make bench`. Goal: at most 5 ms, 1080p JPEG.

100 runs of each, alternating, from the file's bytes to pixels that have been copied on, as the model's adapter does:
pages that nobody touched would cost nothing. Writes benchmarks/results/decoding.json.
"""

import io
import json
import platform
import random
import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from PIL import Image

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder, PictureDecoder, SandboxedDecoder, picture_sandbox
from application.job_control import JobControl

RESULT: Final = Path(__file__).resolve().parent / "results" / "decoding.json"
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
        runs: dict[str, list[float]] = {name: [] for name in places}
        targets = {name: bytearray(3 * SIZE[0] * SIZE[1]) for name in places}
        for _ in range(WARM + RUNS):
            for name, decoder in places.items():
                runs[name].append(milliseconds(decoder, data, targets[name]))
        if len({bytes(target) for target in targets.values()}) != 1:
            message = "the two places decode differently"
            raise RuntimeError(message)
    return {name: measured[WARM:] for name, measured in runs.items()}


def main() -> None:
    """Measure, print a table, write the JSON."""
    data = photo()
    runs = measure(data)
    title = f"JPEG {SIZE[0]}x{SIZE[1]}, {len(data) // 1024} KiB"
    print(f"{title:28}{'median ms':>12}{'min ms':>10}{'max ms':>10}")
    for name, measured in runs.items():
        print(f"{name:28}{statistics.median(measured):12.2f}{min(measured):10.2f}{max(measured):10.2f}")
    added = statistics.median(runs["in the child"]) - statistics.median(runs["in process"])
    print(f"the child adds {added:.2f} ms at the median of {RUNS} alternating runs (goal at most {GOAL_MS:.0f})")
    RESULT.parent.mkdir(exist_ok=True)
    figures = {"python": platform.python_version(), "bytes": len(data), "added_median_ms": added, "milliseconds": runs}
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
