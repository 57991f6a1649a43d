"""What every Interpolator keeps. A subclass gives the fixture `interpolator`."""

import errno
import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from application.job_control import JobControl
from application.ports.interpolator import Interpolator
from domain.clip import PixelFormat
from domain.errors import Cancelled, EncodeFailed, GpuFailed
from domain.geometry import ClipGeometry
from tests.support.clips import STATISTICS, clip_of, geometry, grey_frames, tone

NO_DEADLINE = JobControl()


def noise(shape: ClipGeometry, pixel_format: PixelFormat = "rgb24", per_chunk: int = 1) -> Iterator[memoryview]:
    """Frames that nothing moves in, in one buffer that is wiped: who keeps a chunk sees nothing of it."""
    random = np.random.default_rng(0)
    size = clip_of(shape, [], pixel_format=pixel_format).frame_bytes
    for start in range(0, shape.frames, per_chunk):
        buffer = random.integers(0, 256, min(per_chunk, shape.frames - start) * size, np.uint8)
        yield buffer.data
        buffer[:] = 0


class InterpolatorContract:
    @pytest.fixture
    def interpolator(self) -> Interpolator:
        raise NotImplementedError

    @pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
    @pytest.mark.parametrize("factor", [2, 4])
    @pytest.mark.parametrize(
        "shape",
        [
            geometry(64, 64, 1, 1),
            geometry(64, 64, 2, 30),
            geometry(66, 70, 3, Fraction(24000, 1001)),
            geometry(98, 64, 9, Fraction(119999999, 4000000)),
            geometry(64, 66, 49),
        ],
        ids=lambda s: f"{s.frames} of {s.resolution}",
    )
    def test_every_frame_is_where_it_belongs_bit_for_bit(
        self, interpolator: Interpolator, shape: ClipGeometry, factor: int, pixel_format: PixelFormat
    ) -> None:
        given = [bytes(chunk) for chunk in noise(shape, pixel_format)]
        clip = clip_of(shape, noise(shape, pixel_format), pixel_format=pixel_format)

        with interpolator.interpolated(clip, factor, NO_DEADLINE) as made:
            frames = [bytes(chunk) for chunk in made.chunks]

        assert [len(frame) for frame in frames] == [clip.frame_bytes] * shape.frames * factor
        assert frames[::factor] == given
        assert frames[-factor:] == given[-1:] * factor
        assert (made.geometry.frames, made.geometry.resolution) == (shape.frames * factor, shape.resolution)
        assert made.geometry.frame_rate.rate == shape.frame_rate.rate * factor
        assert made.geometry.duration == shape.duration
        assert made.pixel_format == pixel_format

    def test_sound_and_statistics_are_handed_through(self, interpolator: Interpolator) -> None:
        clip = clip_of(geometry(), audio=tone(24_000, 0.375))

        with interpolator.interpolated(clip, 2, NO_DEADLINE) as made:
            assert made.audio is clip.audio
            assert sum(1 for _ in made.chunks) == 18
            assert made.statistics() is STATISTICS

    @pytest.mark.parametrize("per_chunk", [2, 5])
    def test_the_same_clip_gives_the_same_bytes_in_any_chunks(self, interpolator: Interpolator, per_chunk: int) -> None:
        made = []
        for size in (1, per_chunk, per_chunk):
            with interpolator.interpolated(
                clip_of(geometry(), noise(geometry(), "rgb24", size)), 4, NO_DEADLINE
            ) as clip:
                made.append(b"".join(clip.chunks))

        assert made[0] == made[1] == made[2]

    def test_chunks_can_be_read_and_are_plain_bytes(self, interpolator: Interpolator) -> None:
        with interpolator.interpolated(clip_of(geometry()), 2, NO_DEADLINE) as made:
            for chunk in made.chunks:
                assert (chunk.format, chunk.ndim, chunk.c_contiguous) == ("B", 1, True)

    def test_only_a_few_frames_are_taken_ahead(self, interpolator: Interpolator) -> None:
        taken = 0

        def chunks() -> Iterator[memoryview]:
            nonlocal taken
            for chunk in grey_frames(geometry(frames=30), per_chunk=1):
                taken += 1
                yield chunk

        with interpolator.interpolated(clip_of(geometry(frames=30), chunks()), 2, NO_DEADLINE) as made:
            assert taken == 0
            for handed, _ in enumerate(made.chunks):
                assert taken <= handed // 2 + 4
        assert taken == 30

    def test_chunks_end_with_the_context(self, interpolator: Interpolator) -> None:
        with interpolator.interpolated(clip_of(geometry()), 2, NO_DEADLINE) as made:
            next(made.chunks)
        assert list(made.chunks) == []

    @pytest.mark.parametrize("after", [0, 1, 4, 9])
    @pytest.mark.parametrize(
        "error",
        [GpuFailed("lost"), OSError(errno.EINVAL, "the producer's own"), KeyboardInterrupt()],
        ids=lambda error: type(error).__name__,
    )
    def test_errors_of_the_producer_pass_as_they_are(
        self, interpolator: Interpolator, error: BaseException, after: int
    ) -> None:
        def chunks() -> Iterator[memoryview]:
            yield from itertools.islice(grey_frames(geometry(), per_chunk=1), after)
            raise error

        with (
            pytest.raises(type(error)) as caught,
            interpolator.interpolated(clip_of(geometry(), chunks()), 2, NO_DEADLINE) as made,
        ):
            list(made.chunks)

        assert caught.value is error

    @pytest.mark.parametrize("size", [0, 1, 96 * 64 * 3 - 1, 96 * 64 * 3 + 1])
    def test_a_chunk_that_is_no_whole_frame_is_refused(self, interpolator: Interpolator, size: int) -> None:
        chunks = [*grey_frames(geometry(frames=1)), memoryview(bytes(size))]

        with (
            interpolator.interpolated(clip_of(geometry(frames=2), chunks), 2, NO_DEADLINE) as made,
            pytest.raises(EncodeFailed, match=f"{size} bytes"),
        ):
            list(made.chunks)

    @pytest.mark.parametrize("at", [0, 1, 5, 17])
    def test_a_cancel_is_heeded_between_chunks(self, interpolator: Interpolator, at: int) -> None:
        handed = 0
        control = JobControl(is_cancelled=lambda: handed >= at)

        with (
            interpolator.interpolated(clip_of(geometry()), 2, control) as made,
            pytest.raises(Cancelled),
        ):
            for _ in made.chunks:
                handed += 1

        assert handed == at

    def test_no_frames_are_no_frames(self, interpolator: Interpolator) -> None:
        with interpolator.interpolated(clip_of(geometry(), []), 2, NO_DEADLINE) as made:
            assert list(made.chunks) == []

    def test_it_is_ready(self, interpolator: Interpolator) -> None:
        interpolator.check()
