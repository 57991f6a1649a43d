"""Refusals speak of the fields that the caller used, and name what would be taken."""

import re
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Fault, OverLimit
from domain.geometry import FrameRate, Side
from domain.limits import Limits, refuse_over_limit
from domain.plan import plan
from domain.requests import GenerationRequest, Prompt, TextToVideo
from domain.sampling import Seed
from domain.sizing import Measures, Seconds
from tests.unit.domain.test_plan_memory import SMALL_GPU


def asked(fps: float = 24, **measures: Any) -> GenerationRequest:
    plain = TextToVideo(prompt=Prompt("a lake"), fps=FrameRate.from_number(fps))
    return plain.measured(Measures(**measures))


def faults_of(request: GenerationRequest, **limits: Any) -> list[str]:
    with pytest.raises(OverLimit) as refused:
        refuse_over_limit(request, Limits(**limits))
    return [str(fault) for fault in refused.value.faults]


def test_too_many_seconds() -> None:
    assert faults_of(asked(seconds=Seconds(25))) == ["seconds must be at most 20 on this worker, got 25"]
    assert faults_of(asked(60, seconds=Seconds(18.5))) == [
        "seconds must be at most 17.083 at 60 fps (1025 frames), got 18.5"
    ]


def test_the_half_frame_that_rounding_adds_is_taken() -> None:
    """20 seconds at 23.976 are 480 frames, which last 20.02."""
    refuse_over_limit(asked(23.976, seconds=Seconds(20)), Limits())
    assert faults_of(asked(23.976, seconds=Seconds(20.001)))


@given(st.floats(min_value=0.01, max_value=3600), st.floats(min_value=1, max_value=120), st.integers(1, 3000))
def test_the_seconds_that_a_refusal_names_are_taken(seconds: float, fps: float, frames: int) -> None:
    limits = Limits(num_frames=frames, seconds=15.5)
    try:
        refuse_over_limit(asked(fps, seconds=Seconds(seconds)), limits)
    except OverLimit as refused:
        named = min(float(re.search(r"at most ([\d.]+)", fault.message)[1]) for fault in refused.faults)  # type: ignore[index]  # fails as a test if there is no number
        refuse_over_limit(asked(fps, seconds=Seconds(named)), limits)


def test_too_large_by_name() -> None:
    assert faults_of(asked(resolution="1080p", aspect_ratio="21:9")) == [
        'resolution x aspect_ratio must be at most 2088960 pixels on this worker (such as "720p"), got 2520x1080'
    ]
    assert faults_of(asked(resolution="720p"), pixels=500_000) == [
        'resolution must be at most 500000 pixels on this worker (such as "480p"), got 1280x720'
    ]


def test_where_no_name_fits_a_size_is_named() -> None:
    assert faults_of(asked(resolution="480p", aspect_ratio="1:1"), pixels=64 * 64) == [
        "resolution x aspect_ratio must be at most 4096 pixels on this worker (such as 64x64), got 480x480"
    ]
    assert faults_of(asked(aspect_ratio="16:9"), pixels=100_000) == [
        "aspect_ratio must be at most 100000 pixels on this worker (such as 420x236), got 682x384"
    ]


def test_all_that_is_too_much_is_told_at_once() -> None:
    request = asked(seconds=Seconds(100), resolution="1080p")
    assert [fault.split()[0] for fault in faults_of(request, pixels=10_000)] == ["seconds", "seconds", "resolution"]


@pytest.mark.parametrize(
    ("request_", "begin"),
    [
        (asked(seconds=Seconds(20), resolution="1080p"), "resolution x seconds do not fit"),
        (asked(seconds=Seconds(20), resolution="1080p", aspect_ratio="4:3"), "resolution x aspect_ratio x seconds do"),
        (attrs.evolve(asked(seconds=Seconds(20)), width=Side(1920), height=Side(1080)), "width x height x seconds do"),
    ],
)
def test_what_the_memory_has_no_room_for(request_: GenerationRequest, begin: str) -> None:
    with pytest.raises(OverLimit) as refused:
        plan(request_, SMALL_GPU, Limits(), Seed(1))
    (fault,) = refused.value.faults
    assert str(fault).startswith(begin)
    assert fault == Fault(begin.split(maxsplit=1)[0], fault.message)
