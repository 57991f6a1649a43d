"""`interpolate` in the use case: between the model and the encoder, and given back whatever happens."""

from pathlib import Path

import attrs
import pytest

from domain.conditions import FramePosition
from domain.errors import Cancelled, DiskFull, EncodeFailed
from domain.geometry import FrameCount
from domain.interpolation import Interpolated, Interpolation
from domain.output import Poster
from tests.unit.application.test_generate_video import SMALL, World

SMOOTH = attrs.evolve(SMALL, interpolate=Interpolation(4))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_clip_is_interpolated_before_it_is_encoded(world: World) -> None:
    plain, result = world.run(), world.run(SMOOTH)
    assert world.interpolator.calls == [(10, 4)]
    assert (result.output.frames, result.output.frame_rate.number) == (40, 96)
    assert result.output.duration == plain.output.duration
    assert result.canvas == plain.canvas
    assert result.interpolation == Interpolated(factor=4, by="motion")
    assert plain.interpolation is None
    assert world.interpolator.open == 0


def test_a_length_that_the_model_tells_is_multiplied_too(world: World) -> None:
    alone = world.run(attrs.evolve(SMALL, num_frames=None))
    result = world.run(attrs.evolve(SMOOTH, num_frames=None))
    assert result.output.frames == 4 * alone.output.frames


def test_a_poster_is_a_frame_of_the_file(world: World) -> None:
    poster = world.run(attrs.evolve(SMOOTH, poster=Poster(FramePosition(-1)), num_frames=FrameCount(9))).poster
    assert poster is not None
    assert poster.frame == 35


def test_a_failure_between_model_and_encoder_ends_the_job(world: World) -> None:
    world.interpolator.fail(EncodeFailed("no filter"))
    world.fails(EncodeFailed, SMOOTH)
    assert world.interpolator.open == 0


def test_a_failure_behind_it_closes_it(world: World) -> None:
    world.encoder.fail("encode", DiskFull("full"))
    world.fails(DiskFull, SMOOTH)
    world.fails(Cancelled, SMOOTH, is_cancelled=lambda: bool(world.interpolator.open))
    assert world.interpolator.open == 0
