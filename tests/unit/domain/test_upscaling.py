"""A finished clip of twice the size that is asked for: what is planned, and what is refused in which words."""

import re

import attrs
import pytest

from domain.errors import Fault, InvalidInput, InvalidValue, OverLimit
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.profile import ModelProfile
from domain.recipes import Preset, recipe_for
from domain.requests import GenerationRequest, TextToVideo
from domain.sampling import MotionSpeed, Seed, Steps
from domain.schedule import REFINEMENT_SIGMAS
from domain.sizing import Measures
from domain.upscaling import Upscale
from tests.unit.domain.test_plan import DEV, DISTILLED, REQUEST
from tests.unit.domain.test_plan_memory import SMALL_GPU

TWICE = attrs.evolve(REQUEST, upscale=Upscale(2))


@attrs.frozen(kw_only=True)
class Splicing(TextToVideo):
    """A mode that keeps frames of its source."""

    mode = "extend"
    splices = True


def planned(request: GenerationRequest, profile: ModelProfile = DEV, limits: Limits | None = None) -> GenerationPlan:
    return plan(request, profile, limits or Limits(), Seed(7))


def refused(request: GenerationRequest, profile: ModelProfile = DEV, limits: Limits | None = None) -> list[Fault]:
    with pytest.raises((InvalidInput, OverLimit)) as caught:
        planned(request, profile, limits)
    return list(caught.value.faults)


@pytest.mark.parametrize("factor", [-2, 0, 1, 3, 4])
def test_two_is_all_there_is(factor: int) -> None:
    with pytest.raises(InvalidValue, match=f"must be 2 or null, got {factor}"):
        Upscale(factor)


@pytest.mark.parametrize("profile", [DEV, DISTILLED])
@pytest.mark.parametrize("preset", ["official", "fast", "standard", "quality"])
def test_every_preset_runs_at_the_asked_size_and_is_refined_at_twice_that(
    profile: ModelProfile, preset: Preset
) -> None:
    request = attrs.evolve(TWICE, width=Side(66), height=Side(130), preset=preset)
    made = planned(request, profile)
    alone = planned(attrs.evolve(request, upscale=None), profile)

    assert made.output.resolution == Resolution(132, 260)
    *before, last = made.stages
    assert [stage.canvas for stage in before] == [stage.canvas for stage in alone.stages]
    assert [stage.stage.schedule for stage in before] == [stage.stage.schedule for stage in alone.stages]
    assert last.canvas == made.canvas
    assert made.canvas.resolution == Resolution(2 * alone.canvas.resolution.width, 2 * alone.canvas.resolution.height)
    assert (last.stage.name, last.stage.schedule.sigmas) == ("refine", REFINEMENT_SIGMAS)
    assert last.stage.needs_distilled_lora is (profile is DEV)
    assert [stage.stage.divisor for stage in made.stages] == [4, 2, 1][-len(made.stages) :]
    assert made.steps == alone.steps + 3
    assert (made.crop.width, made.crop.height) == (132, 260)


def test_quality_on_a_dev_checkpoint_then_has_three_stages() -> None:
    assert [stage.stage.name for stage in planned(attrs.evolve(TWICE, preset="quality")).stages] == [
        "base",
        "refine",
        "refine",
    ]
    assert len(recipe_for(DEV.checkpoint, "quality").stages) == 2


def test_steps_speak_of_the_first_stage() -> None:
    made = planned(attrs.evolve(TWICE, steps=Steps(5)))
    assert [stage.stage.schedule.steps for stage in made.stages] == [5, 3]


def test_a_named_size_is_the_generated_one() -> None:
    made = planned(TWICE.measured(Measures(resolution="480p", aspect_ratio="1:1")))
    assert made.output.resolution == Resolution(960, 960)


def test_it_counts_for_the_file_and_not_for_its_length() -> None:
    assert TWICE.geometry == attrs.evolve(REQUEST.geometry, resolution=Resolution(1024, 1024))


def test_a_mode_that_keeps_frames_of_its_source_has_no_larger_ones() -> None:
    request = Splicing(prompt=REQUEST.prompt, upscale=Upscale(2), width=Side(3000))
    assert [str(fault) for fault in refused(request)] == [
        "upscale must be left out in mode extend: frames of the source stay as large as they are",
        "width x height must be at most 2048 a side with upscale 2, got 3000x512",
    ]
    planned(attrs.evolve(request, upscale=None, width=Side(512)))


def test_sides_are_told_as_they_were_asked_for() -> None:
    large = Limits(pixels=10**9)
    planned(attrs.evolve(TWICE, width=Side(2048), height=Side(2048)), limits=large)
    assert [str(fault) for fault in refused(TWICE.measured(Measures(resolution="1080p", aspect_ratio="21:9")))] == [
        "resolution x aspect_ratio must be at most 2048 a side with upscale 2, got 2520x1080"
    ]


def test_pixels_are_told_as_they_were_asked_for() -> None:
    limits = Limits(pixels=1920 * 1088)
    (fault,) = refused(attrs.evolve(TWICE, width=Side(1280), height=Side(720)), limits=limits)
    assert str(fault) == (
        "width x height must be at most 522240 pixels on this worker (such as 962x540), which are then upscaled by 2, "
        "got 1280x720"
    )
    planned(attrs.evolve(TWICE, width=Side(962), height=Side(540)), limits=limits)
    planned(attrs.evolve(TWICE, width=Side(960), height=Side(544)), limits=limits)
    (named,) = refused(TWICE.measured(Measures(resolution="720p")), limits=limits)
    assert '(such as "540p"), which' in named.message
    planned(TWICE.measured(Measures(resolution="540p")), limits=limits)


def test_what_fits_into_memory_is_named_as_it_can_be_asked_for() -> None:
    request = attrs.evolve(
        TWICE, width=Side(960), height=Side(544), num_frames=FrameCount(481), fps=FrameRate.from_number(30)
    )
    (fault,) = refused(request, SMALL_GPU)
    named = re.search(
        r"^x height x num_frames x upscale do not fit into the GPU's memory: "
        r"960x544 with 481 frames were asked for, (\d+)x(\d+) with (\d+) frames would fit$",
        fault.message,
    )
    assert named is not None
    width, height, frames = map(int, named.groups())
    assert width * height * frames < 960 * 544 * 481
    fitting = attrs.evolve(request, width=Side(width), height=Side(height), num_frames=FrameCount(frames))
    assert planned(fitting, SMALL_GPU).output.resolution == Resolution(2 * width, 2 * height)


@pytest.mark.parametrize("factor", [0, 0.09, 2.01, float("nan"), float("inf")])
def test_motion_has_its_range(factor: float) -> None:
    with pytest.raises(InvalidValue, match=r"must be from 0\.1 to 2, got"):
        MotionSpeed(factor)


def test_motion_speed_is_the_models_affair_and_not_the_files() -> None:
    slow, plain = planned(attrs.evolve(REQUEST, motion_speed=MotionSpeed(0.5))), planned(REQUEST)
    assert slow == attrs.evolve(plain, motion_speed=MotionSpeed(0.5))


def test_fast_motion_spans_more_time_than_the_clip_lasts() -> None:
    request = attrs.evolve(REQUEST, num_frames=FrameCount(264))  # 11 seconds
    longer = "the clip is longer at this motion_speed than the 20 seconds that the model was trained on"
    assert planned(attrs.evolve(request, motion_speed=MotionSpeed(2))).warnings == (longer,)
    assert planned(attrs.evolve(request, motion_speed=MotionSpeed(1.5))).warnings == ()
    slow = attrs.evolve(request, num_frames=FrameCount(528), motion_speed=MotionSpeed(0.5))
    assert planned(slow, limits=Limits(seconds=30)).warnings == (
        "the clip is longer than the 20 seconds that the model was trained on",
    )
