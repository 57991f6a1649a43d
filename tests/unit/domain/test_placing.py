"""Where pictures land in a clip, and which places are refused."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conditions import MAX_CRF, Condition, Crf, FramePosition, Strength
from domain.errors import InvalidInput, InvalidValue
from domain.families import LTX_2, LTX_2_5
from domain.geometry import FrameCount
from domain.limits import Limits
from domain.placing import placed
from domain.plan import plan
from domain.requests import ImageToVideo, ImageUrl, Keyframe, KeyframesToVideo, Prompt, TextToVideo
from domain.sampling import Seed
from tests.unit.domain.test_plan import DEV

IMAGE = ImageUrl("https://a.b/c")


def keyframes(*numbers: int, frames: int | None = 49, **fields: Any) -> KeyframesToVideo:
    return KeyframesToVideo(
        prompt=Prompt("x"),
        num_frames=None if frames is None else FrameCount(frames),
        keyframes=tuple(Keyframe(image=IMAGE, frame=FramePosition(number), **fields) for number in numbers),
    )


def faults(request: KeyframesToVideo) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        placed(request, LTX_2)
    return [str(fault) for fault in refused.value.faults]


@given(frames=st.integers(1, 2000), data=st.data())
def test_a_negative_frame_counts_from_the_end(frames: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(-frames, frames - 1))
    assert FramePosition(number).within(frames) == list(range(frames))[number]


@pytest.mark.parametrize("number", [49, -50, 2**62])
def test_a_frame_that_the_clip_does_not_have_is_refused_with_those_that_it_has(number: int) -> None:
    assert faults(keyframes(0, number)) == [
        f"keyframes[1].frame must be from -49 to 48 in a clip of 49 frames, got {number}"
    ]


def test_all_faults_are_told_at_once() -> None:
    assert faults(keyframes(5, 70, 5, -44, 48, -1)) == [
        "keyframes[1].frame must be from -49 to 48 in a clip of 49 frames, got 70",
        "keyframes[2].frame must be another frame than item 0's, got 5",
        "keyframes[3].frame must be another frame than item 2's, got -44",
        "keyframes[5].frame must be another frame than item 4's, got -1",
    ]


def test_a_length_that_is_not_known_leaves_only_the_same_number_to_be_refused() -> None:
    assert faults(keyframes(70, -1, -1, frames=None)) == [
        "keyframes[2].frame must be another frame than item 1's, got -1"
    ]
    conditions = placed(keyframes(70, -1, frames=None), LTX_2)
    assert [condition.frame for condition in conditions] == [0, 0]


def test_conditions_keep_the_requests_order_strength_and_compression() -> None:
    given = keyframes(-1, 3, strength=Strength(0.25), crf=Crf(5))
    assert placed(given, LTX_2) == (
        Condition(frame=48, strength=0.25, crf=5),
        Condition(frame=3, strength=0.25, crf=5),
    )


@pytest.mark.parametrize(("family", "crf"), [(LTX_2, 33), (LTX_2_5, 18)])
def test_a_first_frame_is_one_condition_as_the_family_was_trained(family: Any, crf: int) -> None:
    request = ImageToVideo(prompt=Prompt("x"), image=IMAGE)
    assert placed(request, family) == (Condition(frame=0, strength=1.0, crf=crf),)
    assert placed(TextToVideo(prompt=Prompt("x")), family) == ()


def test_a_plan_carries_the_conditions() -> None:
    planned = plan(keyframes(0, -1, frames=50), DEV, Limits(), Seed(1))
    assert [condition.frame for condition in planned.conditions] == [0, 49]
    assert planned.canvas.frames == 57
    with pytest.raises(InvalidInput):
        plan(keyframes(50, frames=50), DEV, Limits(), Seed(1))


@pytest.mark.parametrize("share", [-0.01, 1.01, math.nan])
def test_a_strength_is_a_share(share: float) -> None:
    with pytest.raises(InvalidValue, match=r"must be from 0 to 1, got"):
        Strength(share)
    assert (Strength(0).share, Strength(1).share) == (0, 1)


@pytest.mark.parametrize("factor", [-1, 52])
def test_a_crf_is_one_that_h264_has(factor: int) -> None:
    with pytest.raises(InvalidValue, match=f"must be from 0 to 51, got {factor}"):
        Crf(factor)
    assert (Crf(0).factor, Crf(MAX_CRF).factor) == (0, 51)
