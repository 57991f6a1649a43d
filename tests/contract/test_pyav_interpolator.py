"""The contract on FFmpeg's filter, and what only that has: frames that follow the motion."""

import gc

import numpy as np
import numpy.typing as npt
import pytest
from typing_extensions import override

from adapters.interpolator.pyav import PyAvInterpolator
from application.ports.interpolator import Interpolator
from domain.clip import PixelFormat
from domain.errors import EncodeFailed
from tests.contract.interpolator_contract import NO_DEADLINE, InterpolatorContract
from tests.support.clips import clip_of, geometry
from tests.support.process import resident_bytes

Pixels = npt.NDArray[np.uint8]

SHAPE = geometry(128, 96, 6)


def panned(by: float, moment: float, width: int = 128, height: int = 96) -> Pixels:
    """A picture that `by` pixels a frame pass by, at a moment counted in frames."""
    x, y = np.meshgrid(np.arange(width) + by * moment, np.arange(height))
    waves = np.sin(x / 5 + y / 11) + np.sin(x / 13 - y / 7) + np.sin(x / 3.1) * 0.5 + np.cos(y / 4.3) * 0.5
    return (
        np.stack([128 + 40 * waves, 128 - 30 * waves, 100 + 20 * waves], axis=-1).round().clip(0, 255).astype(np.uint8)
    )


def error(found: bytes, wanted: Pixels) -> float:
    return float(((np.frombuffer(found, np.uint8).reshape(wanted.shape).astype(float) - wanted) ** 2).mean())


def made_of(interpolator: Interpolator, frames: list[Pixels], factor: int) -> list[bytes]:
    clip = clip_of(SHAPE, [frame.reshape(-1).data for frame in frames])
    with interpolator.interpolated(clip, factor, NO_DEADLINE) as made:
        return [bytes(chunk) for chunk in made.chunks]


class TestPyAvInterpolator(InterpolatorContract):
    @pytest.fixture
    @override
    def interpolator(self) -> Interpolator:
        return PyAvInterpolator()

    @pytest.mark.parametrize("factor", [2, 4])
    def test_frames_between_are_what_was_seen_then(self, interpolator: Interpolator, factor: int) -> None:
        frames = [panned(4, index) for index in range(6)]

        made = made_of(interpolator, frames, factor)

        for position in range(5 * factor):
            index, share = position // factor, position % factor / factor
            if not share:
                continue
            truth = panned(4, index + share)
            mixed = ((1 - share) * frames[index] + share * frames[index + 1]).round().astype(np.uint8)
            found = error(made[position], truth)
            assert made[position] not in {frames[index].tobytes(), frames[index + 1].tobytes()}
            assert found < error(mixed.tobytes(), truth) / 2
            assert found < error(frames[index].tobytes(), truth) / 4

    def test_nothing_is_mixed_across_a_cut(self, interpolator: Interpolator) -> None:
        first, second = [panned(4, index) for index in range(3)], [panned(-4, 50 + index) // 4 for index in range(3)]

        made = made_of(interpolator, first + second, 4)

        across = [np.frombuffer(frame, np.uint8).reshape(96, 128, 3) for frame in made[9:12]]
        for frame in across:
            assert min(error(frame.tobytes(), first[-1]), error(frame.tobytes(), second[0])) < 2

    @pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
    def test_a_still_stays_as_it_is(self, interpolator: Interpolator, pixel_format: PixelFormat) -> None:
        shape = geometry(66, 70, 4)
        frame = np.full(clip_of(shape, [], pixel_format=pixel_format).frame_bytes, 180, np.uint8)
        with interpolator.interpolated(
            clip_of(shape, [frame.data] * 4, pixel_format=pixel_format), 2, NO_DEADLINE
        ) as made:
            for chunk in made.chunks:
                assert np.abs(np.frombuffer(chunk, np.uint8).astype(int) - 180).max() <= 1

    def test_a_long_clip_takes_no_more_memory(self, interpolator: Interpolator) -> None:
        shape = geometry(320, 256, 40)
        with interpolator.interpolated(clip_of(shape), 2, NO_DEADLINE) as made:
            peaks = [resident_bytes() for _ in made.chunks]
        assert max(peaks[40:]) - max(peaks[:40]) < 10 * 320 * 256 * 3

    def test_a_picture_that_the_filter_refuses_is_told_as_such(self, interpolator: Interpolator) -> None:
        clip = clip_of(geometry(8, 8, 2), [memoryview(bytes(8 * 8 * 3))] * 2)
        with (
            interpolator.interpolated(clip, 2, NO_DEADLINE) as made,
            pytest.raises(EncodeFailed, match="No frames could"),
        ):
            list(made.chunks)
        gc.collect()
