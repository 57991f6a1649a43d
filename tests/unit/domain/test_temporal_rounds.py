"""Frames that the model itself doubles: what is denoised, what is decoded, what is handed out."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import OverLimit
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Resolution
from domain.grid import interpolated
from domain.interpolation import Interpolation
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.profile import ModelProfile
from domain.sampling import Seed
from tests.unit.domain.test_plan import DEV, DISTILLED, REQUEST
from tests.unit.domain.test_plan_memory import on_a_gpu_with

DENSER = attrs.evolve(REQUEST, interpolate=Interpolation(4))


def able(profile: ModelProfile) -> ModelProfile:
    return attrs.evolve(profile, checkpoint=attrs.evolve(profile.checkpoint, has_temporal_upsampler=True))


def planned(factor: int, profile: ModelProfile) -> GenerationPlan:
    return plan(attrs.evolve(REQUEST, interpolate=Interpolation(factor)), profile, Limits(), Seed(7))


@pytest.mark.parametrize(("factor", "rounds"), [(2, 1), (4, 2)])
def test_the_model_denoises_what_was_asked_for_and_hands_out_what_is_finished(factor: int, rounds: int) -> None:
    made, plain = planned(factor, able(DEV)), plan(REQUEST, DEV, Limits(), Seed(7))
    assert (made.temporal_rounds, made.interpolation) == (rounds, 1)
    assert (made.canvas, made.stages) == (plain.canvas, plain.stages)
    assert made.output == made.finished
    assert (made.output.frames, made.output.frame_rate.number) == (49 * factor, 24 * factor)
    assert made.output.duration == plain.output.duration
    assert (made.decoded.frames, made.decoded.frame_rate) == (48 * factor + 1, made.output.frame_rate)
    assert plain.decoded == plain.canvas


def test_without_the_upsampler_the_model_hands_out_what_was_asked_for() -> None:
    made = planned(2, DEV)
    assert (made.temporal_rounds, made.interpolation) == (0, 2)
    assert (made.output.frames, made.finished.frames) == (49, 98)


@given(frames=st.integers(1, 200).map(lambda step: 8 * step + 1), rounds=st.integers(0, 2))
def test_at_most_the_frames_behind_the_last_one_are_missing(frames: int, rounds: int) -> None:
    canvas = ClipGeometry(Resolution(64, 64), frames, FrameRate.from_number(24))
    assert interpolated(canvas, rounds).frames == frames * 2**rounds - (2**rounds - 1)


def test_the_decode_of_more_frames_counts_for_memory() -> None:
    plain = attrs.evolve(DENSER, interpolate=None, num_frames=FrameCount(241))
    canvas = plan(plain, DISTILLED, Limits(), Seed(7)).canvas
    memory = on_a_gpu_with(0).memory
    assert memory is not None
    needs = [
        memory.needed(canvas, "resident", rows=1, tiled=True, condition_frames=0, temporal_rounds=rounds)
        for rounds in (0, 1, 2)
    ]
    assert needs == sorted(needs)
    gpu = able(attrs.evolve(DISTILLED, memory=attrs.evolve(memory, device_bytes=(needs[0] + needs[2]) // 2)))
    assert plan(plain, gpu, Limits(), Seed(7)).policy == "resident"
    with pytest.raises(OverLimit, match="512x512 with 241 frames were asked for, "):
        plan(attrs.evolve(plain, interpolate=Interpolation(4)), gpu, Limits(), Seed(7))
