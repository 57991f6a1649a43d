"""What the largest clips take that the limits let through, over all that can be asked for: the table of SECURITY.md."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import attrs
import pytest

from adapters.video_model.calibration_card import SAMPLING_RATE
from adapters.video_model.diffusers.decoding import FRAMES_PER_CHUNK
from adapters.video_model.synthetic import PROFILE
from application.generate_once import MAX_RECORD_BYTES
from domain.errors import OverLimit
from domain.geometry import MAX_FPS, MAX_SIDE, MIN_FPS, MIN_SIDE, FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.lora import MAX_LORAS
from domain.plan import GenerationPlan, plan
from domain.recipes import Preset
from domain.requests import MAX_PROMPT, Prompt, TextToVideo
from domain.sampling import Seed

TEXT: Final = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")
PRESETS: Final[tuple[Preset, ...]] = ("standard", "quality")  # on grids of 32 and of 64
CHANNELS: Final = 2
SAMPLE_BYTES: Final = 4
MB: Final = 1_000_000


def documented(what: str) -> int:
    found = re.search(rf"^\| {re.escape(what)} \| ([\d,]+)", TEXT, re.MULTILINE)
    assert found is not None, what
    return int(found[1].replace(",", ""))


@attrs.frozen
class Worst:
    """The largest of each, over all accepted requests."""

    output_pixels: int
    canvas_pixels: int
    canvas_frames: int
    seconds: Fraction


def planned(
    limits: Limits, preset: Preset = "standard", size: tuple[int, int] = (64, 64), frames: int = 1, fps: float = 24
) -> GenerationPlan | None:
    request = TextToVideo(
        prompt=Prompt("a"),
        preset=preset,
        width=Side(size[0]),
        height=Side(size[1]),
        num_frames=FrameCount(frames),
        fps=FrameRate.from_number(fps),
    )
    try:
        return plan(request, PROFILE, limits, Seed(0))
    except OverLimit:
        return None


def sizes(limits: Limits) -> Iterator[tuple[int, int]]:
    """Each width with the largest height that is let through: the grid rounds a larger height to no smaller one."""
    for width in range(MIN_SIDE, MAX_SIDE + 1, 2):
        height = min(MAX_SIDE, limits.pixels // width // 2 * 2)
        if height >= MIN_SIDE:
            yield width, height


def lengths(limits: Limits) -> Iterator[tuple[int, float]]:
    """Each number of frames with the slowest rate that is let through, and with some that are well known."""
    for frames in range(1, limits.num_frames + 1):
        slowest = frames / limits.seconds
        for fps in (slowest, slowest * 1.0001, MIN_FPS, 23.976, 24, 59.94, MAX_FPS):
            if MIN_FPS <= fps <= MAX_FPS:
                yield frames, fps


def worst(limits: Limits) -> Worst:
    large = [planned(limits, preset, size) for preset in PRESETS for size in sizes(limits)]
    long = [planned(limits, frames=frames, fps=fps) for frames, fps in lengths(limits)]
    areas = [found for found in large if found is not None]
    clips = [found for found in long if found is not None]
    assert areas
    assert clips
    return Worst(
        output_pixels=max(found.output.resolution.pixels for found in areas),
        canvas_pixels=max(found.canvas.resolution.pixels for found in areas),
        canvas_frames=max(found.canvas.frames for found in clips),
        seconds=max(found.canvas.duration for found in clips),
    )


@pytest.fixture(scope="module")
def largest() -> Worst:
    return worst(Limits())


def test_the_documented_figures_are_the_codes(largest: Worst) -> None:
    """Not only bounds: figures that were too large by much would say nothing."""
    assert documented("pixels of a frame that is returned") == largest.output_pixels
    assert documented("pixels of a frame that is generated") == largest.canvas_pixels
    assert documented("frames that are generated") == largest.canvas_frames
    assert largest.seconds <= documented("seconds that are generated") < largest.seconds + 1
    sound = largest.seconds * SAMPLING_RATE * CHANNELS * SAMPLE_BYTES
    assert sound <= documented("sound, stereo at 48 kHz in float32") * MB < sound * Fraction(11, 10)
    chunk = FRAMES_PER_CHUNK * 3 * largest.output_pixels
    assert chunk <= documented(f"frames on the host at once (a chunk of {FRAMES_PER_CHUNK})") * MB < chunk * 1.1
    clip = largest.canvas_frames * largest.canvas_pixels * 3 * 2
    assert clip <= documented("the decoded clip, bfloat16, where the model is") * MB < clip * 1.1
    assert documented("characters of a prompt, and of a negative prompt") == MAX_PROMPT
    assert documented("adapters") == MAX_LORAS
    assert documented("a job's record") << 20 == MAX_RECORD_BYTES


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(num_frames=9, pixels=MIN_SIDE**2, seconds=1.0),
        Limits(num_frames=50, pixels=512 * 512, seconds=2.5),
        Limits(num_frames=2401, pixels=MAX_SIDE * 200, seconds=3.0),
    ],
)
def test_no_more_is_generated_than_the_grid_rounds_up(limits: Limits) -> None:
    found = worst(limits)
    longest_side = min(MAX_SIDE, limits.pixels // MIN_SIDE)
    assert found.output_pixels <= limits.pixels
    too_large = [(width, height + 2) for width, height in sizes(limits) if height < MAX_SIDE]
    assert [size for size in too_large if planned(limits, size=size) is not None] == []
    assert planned(limits, frames=limits.num_frames + 1, fps=MAX_FPS) is None
    assert found.canvas_pixels <= max(
        (width + 64) * (limits.pixels // width + 64) for width in range(MIN_SIDE, longest_side + 1)
    )
    assert found.canvas_frames <= max(limits.num_frames, 2) + 7
    assert found.seconds <= Fraction(limits.seconds) + Fraction(8, MIN_FPS)


def test_a_clip_may_not_be_long_by_being_slow() -> None:
    """49 frames at fps 0.1 once took 1.9 GB of sound on a tiny checkpoint."""
    assert planned(Limits(), frames=49, fps=2.45) is not None
    assert planned(Limits(), frames=49, fps=2.44) is None
    assert planned(Limits(), frames=21, fps=1) is None
    with pytest.raises(ValueError, match="must be from 1 to 120"):
        FrameRate.from_number(0.1)
