"""What a request leaves to the model: a better prompt, the number of frames."""

from pathlib import Path

import attrs
import pytest

from domain.errors import InvalidInput, OutOfMemory
from domain.geometry import FrameCount, FrameRate
from domain.limits import Limits
from domain.requests import Prompt
from tests.fakes.video_model import FAKE_PROFILE, STATISTICS, FakeVideoModel
from tests.unit.application.test_generate_video import PICTURE, SMALL, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_prompt_is_used_as_given_and_not_told_again(world: World) -> None:
    result = world.run(SMALL)
    assert result.prompt_used is None
    assert world.model.plans[0].prompt == "a dog"
    assert result.statistics == STATISTICS


def test_an_enhanced_prompt_makes_the_clip_and_is_told(world: World) -> None:
    result = world.run(attrs.evolve(SMALL, enhance_prompt=True))
    assert result.prompt_used == world.model.plans[0].prompt == "a dog, 3"


def test_the_enhancer_sees_the_picture(world: World) -> None:
    assert world.run(attrs.evolve(PICTURE, enhance_prompt=True)).prompt_used == "a dog, 3 as pictured"


def test_what_the_enhancer_warns_of_is_told_before_what_the_model_did(world: World) -> None:
    world.model.text_warnings = ("nothing was made of it",)
    result = world.run(attrs.evolve(SMALL, enhance_prompt=True))
    assert result.warnings == ("nothing was made of it",)


def test_the_enhancers_failure_is_the_jobs(world: World) -> None:
    world.model.fail("enhance", OutOfMemory("too long"))
    world.fails(OutOfMemory, attrs.evolve(SMALL, enhance_prompt=True))


def test_the_model_says_how_long_the_clip_is(world: World) -> None:
    result = world.run(attrs.evolve(SMALL, num_frames=None, fps=FrameRate.from_number(30)))
    assert result.output.frames == 15  # five letters, half a second
    assert world.model.plans[0].output.frames == 15


def test_the_length_follows_from_the_enhanced_prompt(world: World) -> None:
    result = world.run(attrs.evolve(SMALL, num_frames=None, enhance_prompt=True))
    assert result.output.frames == 19  # "a dog, 3" has eight letters


def test_the_length_stays_inside_the_limits(world: World) -> None:
    long = attrs.evolve(SMALL, num_frames=None, prompt=Prompt("a" * 100))
    world.generate.limits = Limits(seconds=3)
    assert world.run(long).output.frames == 72
    world.generate.limits = Limits(num_frames=25)
    assert world.run(long).output.frames == 25


def test_what_the_text_took_counts_as_inference(world: World) -> None:
    clock = iter(range(1000))
    result = world.run(attrs.evolve(SMALL, enhance_prompt=True), clock=lambda: float(next(clock)))
    assert result.statistics.inference_seconds > STATISTICS.inference_seconds
    assert result.timings.inference == result.statistics.inference_seconds


def test_what_cannot_be_done_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    world = World(tmp_path)
    checkpoint = attrs.evolve(FAKE_PROFILE.checkpoint, can_enhance=False)
    world.generate.model = FakeVideoModel(attrs.evolve(FAKE_PROFILE, checkpoint=checkpoint))
    with pytest.raises(InvalidInput):
        world.run(attrs.evolve(PICTURE, enhance_prompt=True))
    assert world.fetcher.fetched == []


def test_the_result_tells_every_stage(world: World) -> None:
    result = world.run(attrs.evolve(SMALL, preset="quality", num_frames=FrameCount(9)))
    base, refine = result.stages
    assert (result.preset, result.steps, result.guidance) == ("quality", 30, 3.0)
    assert (base.name, base.steps, base.sampler, len(base.sigmas)) == ("base", 30, "euler", 30)
    assert (refine.name, refine.steps, refine.sigmas) == ("refine", 3, (0.909375, 0.725, 0.421875))
    assert (str(base.resolution), str(refine.resolution)) == ("64x64", "128x128")
    assert base.video.guidance_scale == 3.0


def test_the_checkpoints_own_schedule_has_no_sigmas_to_tell(world: World) -> None:
    (only,) = world.run(SMALL).stages
    assert (only.steps, only.sigmas) == (30, ())
