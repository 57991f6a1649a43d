"""yuv420p made with torch, beside what the encoder makes with swscale."""

import numpy as np
import pytest
import torch

from adapters.encoder.frames import FrameReader
from adapters.video_model.diffusers.chroma import yuv420p
from domain.geometry import Resolution


def by_swscale(frames: np.ndarray) -> np.ndarray:
    _, height, width, _ = frames.shape
    reader = FrameReader(Resolution(width, height), "rgb24")
    return np.stack([reader.limited_range(memoryview(frame).cast("B")).to_ndarray() for frame in frames])


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (3, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (66, 64), (70, 98)])
def test_it_is_what_swscale_makes_but_for_a_level(height: int, width: int) -> None:
    frames = noise(height, width)
    made = yuv420p(torch.from_numpy(frames)).numpy()
    expected = by_swscale(frames)
    assert made.shape == expected.shape
    away = np.abs(made.astype(int) - expected)
    assert away.max() <= 1
    assert away.mean() < 0.1


@pytest.mark.parametrize(
    ("colour", "levels"),
    [((0, 0, 0), (16, 128, 128)), ((255, 255, 255), (235, 128, 128)), ((255, 0, 0), (63, 102, 240))],
)
def test_pure_colours_have_the_levels_of_the_standard(colour: tuple[int, ...], levels: tuple[int, ...]) -> None:
    made = yuv420p(torch.tensor(colour, dtype=torch.uint8).expand(1, 4, 8, 3))[0].flatten()
    assert [set(made[:32].tolist()), set(made[32:40].tolist()), set(made[40:].tolist())] == [{lev} for lev in levels]


def test_a_frame_is_not_mixed_with_its_neighbours() -> None:
    frames = torch.from_numpy(noise(64, 96))
    assert torch.equal(yuv420p(frames)[1], yuv420p(frames[1:2])[0])
