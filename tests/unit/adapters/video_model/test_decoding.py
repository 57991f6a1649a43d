"""Decoded pieces as chunks on the host."""

from collections.abc import Iterator
from fractions import Fraction

import attrs
import pytest
import torch

from adapters.video_model.diffusers.chroma import yuv420p
from adapters.video_model.diffusers.decoding import chunks_on_host, handed_out
from domain.clip import PixelFormat
from domain.geometry import FrameCount, FrameRate, Side
from domain.interpolation import denser
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.requests import Prompt, TextToVideo
from domain.sampling import Seed
from tests.unit.domain.test_plan import DEV

SIZE = (66, 70)
RATE = FrameRate(Fraction(24))


def planned(frames: int) -> GenerationPlan:
    width, height = map(Side, SIZE)
    request = TextToVideo(prompt=Prompt("a"), width=width, height=height, num_frames=FrameCount(frames), fps=RATE)
    return plan(request, DEV, Limits(), Seed(1))


def pieces(of: GenerationPlan, *lengths: int) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    canvas = of.canvas.resolution
    for length in lengths:
        yield torch.rand((3, length, canvas.height, canvas.width), generator=generator).mul_(2.2).sub_(1.1)


def expected_rgb(of: GenerationPlan, *lengths: int) -> torch.Tensor:
    """(F, H, W, 3): every frame as the whole clip at once would be converted."""
    box = of.crop
    whole = torch.cat(list(pieces(of, *lengths)), dim=1)[:, : of.output.frames]
    levels = ((whole + 1) / 2).clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels[:, :, box.top : box.top + box.height, box.left : box.left + box.width].permute(1, 2, 3, 0)


@pytest.mark.parametrize("lengths", [(1, 8, 8), (17,), (3, 3, 3, 3, 5)], ids=str)
@pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
def test_pieces_of_any_length_become_the_same_frames(lengths: tuple[int, ...], pixel_format: PixelFormat) -> None:
    of = planned(12)
    chunks = [chunk.tobytes() for chunk in chunks_on_host(pieces(of, *lengths), of, pixel_format)]
    rgb = expected_rgb(of, *lengths)
    assert b"".join(chunks) == (rgb if pixel_format == "rgb24" else yuv420p(rgb)).contiguous().numpy().tobytes()


@pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
def test_a_last_frame_that_is_missing_is_shown_again(pixel_format: PixelFormat) -> None:
    of = planned(9)
    doubled = attrs.evolve(of, output=denser(of.output, 2))
    made = b"".join(chunk.tobytes() for chunk in chunks_on_host(pieces(of, 9, 8), doubled, pixel_format))
    size = len(made) // 18
    assert made[17 * size :] == made[16 * size : 17 * size]
    assert made[16 * size : 17 * size] != made[15 * size : 16 * size]


def test_a_chunk_has_eight_frames_at_most() -> None:
    of = planned(17)
    sizes = [chunk.nbytes for chunk in chunks_on_host(pieces(of, 17), of, "rgb24")]
    assert sizes == [8 * 3 * SIZE[0] * SIZE[1]] * 2 + [3 * SIZE[0] * SIZE[1]]


@pytest.mark.parametrize(
    ("device", "may_halve", "pixel_format"),
    [("cuda", True, "yuv420p"), ("cuda:1", True, "yuv420p"), ("cuda", False, "rgb24"), ("cpu", True, "rgb24")],
)
def test_only_a_gpu_halves_the_chroma(device: str, *, may_halve: bool, pixel_format: PixelFormat) -> None:
    assert handed_out(attrs.evolve(planned(9), may_halve_chroma=may_halve), device) == pixel_format
