"""More frames than are asked for: who makes them, what the file measures, and what is refused in which words."""

from fractions import Fraction

import attrs
import pytest

from domain.conditions import FramePosition
from domain.errors import InvalidInput, InvalidValue
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Resolution
from domain.interpolation import Interpolated, Interpolation, denser, finished, interpolation_for
from domain.limits import Limits
from domain.media import GIF
from domain.naming import FileName
from domain.output import Poster
from domain.plan import GenerationPlan, plan
from domain.requests import GenerationRequest
from domain.sampling import Seed
from tests.unit.domain.test_plan import DEV, REQUEST
from tests.unit.domain.test_upscaling import Splicing

TWICE = attrs.evolve(REQUEST, interpolate=Interpolation(2))
NTSC = FrameRate(Fraction(24000, 1001))
ABLE = attrs.evolve(DEV.checkpoint, has_temporal_upsampler=True)


def planned(request: GenerationRequest) -> GenerationPlan:
    return plan(request, DEV, Limits(), Seed(7))


def refused(request: GenerationRequest) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        planned(request)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("factor", [-2, 0, 1, 3, 8])
def test_two_and_four_are_all_there_is(factor: int) -> None:
    with pytest.raises(InvalidValue, match=f"must be 2 or 4, or null, got {factor}"):
        Interpolation(factor)


def test_the_file_has_more_frames_in_the_same_time() -> None:
    clip = ClipGeometry(Resolution(96, 64), 49, NTSC)
    made = finished(clip, Interpolation(2))
    assert made == denser(clip, 2) == ClipGeometry(Resolution(96, 64), 98, FrameRate(Fraction(48000, 1001)))
    assert made.duration == clip.duration
    assert finished(clip, None) is clip


def test_without_a_temporal_upsampler_the_frames_are_multiplied_behind_the_model() -> None:
    plain, made = planned(REQUEST), planned(TWICE)
    behind = denser(plain.output, 2)
    assert made == attrs.evolve(plain, interpolation=2, finished=behind, may_halve_chroma=False)
    assert plain.interpolation == 1


def test_the_model_does_it_where_it_can() -> None:
    four = attrs.evolve(REQUEST, interpolate=Interpolation(4))
    assert interpolation_for(REQUEST, ABLE) is None
    assert interpolation_for(four, DEV.checkpoint) == Interpolated(factor=4, by="motion")
    assert interpolation_for(four, ABLE) == Interpolated(factor=4, by="model")
    spliced = Splicing(prompt=REQUEST.prompt, interpolate=Interpolation(2))
    assert interpolation_for(spliced, ABLE) == Interpolated(factor=2, by="motion")


@pytest.mark.parametrize(("factor", "rounds"), [(2, 1), (4, 2)])
def test_a_factor_is_rounds_of_the_model_or_a_factor_behind_it(factor: int, rounds: int) -> None:
    by_model, by_motion = (Interpolated(factor=factor, by=by) for by in ("model", "motion"))
    assert (by_model.temporal_rounds, by_model.motion_factor) == (rounds, 1)
    assert (by_motion.temporal_rounds, by_motion.motion_factor) == (0, factor)


@pytest.mark.parametrize(
    ("fps", "factor", "told"),
    [
        (120, None, None),
        (60, 2, None),
        (30, 4, None),
        (61, 2, "interpolate must be null: a clip has at most 120 fps, got 122"),
        (31, 4, "interpolate must be null or 2: a clip has at most 120 fps, got 124"),
        (59.94, 4, "interpolate must be null or 2: a clip has at most 120 fps, got 239.76"),
    ],
)
def test_a_file_has_a_highest_rate(fps: float, factor: int | None, told: str | None) -> None:
    request = attrs.evolve(
        REQUEST, fps=FrameRate.from_number(fps), interpolate=None if factor is None else Interpolation(factor)
    )
    if told is None:
        planned(request)
    else:
        assert refused(request) == [told]


def test_a_gif_has_a_lower_one() -> None:
    gif = attrs.evolve(TWICE, output_format=GIF, file_name=FileName("a.gif"), fps=FrameRate.from_number(25))
    planned(gif)
    four = attrs.evolve(gif, interpolate=Interpolation(4))
    assert refused(four) == ["interpolate must be null or 2: a clip has at most 50 fps with output_format gif, got 100"]
    too_fast = attrs.evolve(gif, fps=FrameRate.from_number(60))
    assert refused(too_fast) == ["fps must be at most 50 with output_format gif, got 60"]


def test_a_poster_shows_a_frame_of_the_file() -> None:
    def of(frame: int) -> GenerationRequest:
        return attrs.evolve(TWICE, num_frames=FrameCount(9), poster=Poster(FramePosition(frame)))

    planned(of(17))
    assert refused(of(18)) == ["poster must be from -18 to 17 in a clip of 18 frames, got 18"]


def test_limits_are_about_what_is_generated() -> None:
    limits = Limits(num_frames=49)
    assert plan(attrs.evolve(TWICE, num_frames=FrameCount(49)), DEV, limits, Seed(7)).finished.frames == 98
