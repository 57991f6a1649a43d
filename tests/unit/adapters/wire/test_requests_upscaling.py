"""`upscale` and `motion_speed` as they are sent."""

from typing import Any

import pytest

from adapters.wire.requests import decode_request
from domain.errors import InvalidInput
from domain.geometry import Resolution
from domain.sampling import NORMAL_SPEED, MotionSpeed
from domain.upscaling import Upscale


def faults_of(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        decode_request({"prompt": "a lake", **fields})
    return [str(fault) for fault in refused.value.faults]


def test_they_are_taken_in_every_mode() -> None:
    for own in ({}, {"mode": "i2v", "image_url": "https://example.com/a.png"}):
        request = decode_request({"prompt": "a lake", "upscale": 2, "motion_speed": 0.2, "width": 66, **own})
        assert (request.upscale, request.motion_speed) == (Upscale(2), MotionSpeed(0.2))
        assert request.geometry.resolution == Resolution(132, 1024)


def test_left_out_or_null_they_change_nothing() -> None:
    plain = decode_request({"prompt": "a lake"})
    assert (plain.upscale, plain.motion_speed) == (None, NORMAL_SPEED)
    assert decode_request({"prompt": "a lake", "upscale": None, "motion_speed": 1}) == plain


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"upscale": 4}, "upscale must be 2 or null, got 4"),
        ({"upscale": 2.0}, "upscale must be an integer, got 2.0"),
        ({"upscale": True}, "upscale must be an integer, got true"),
        ({"upscale": "2"}, 'upscale must be an integer, got "2"'),
        ({"motion_speed": 0}, "motion_speed must be from 0.1 to 2, got 0"),
        ({"motion_speed": 2.5}, "motion_speed must be from 0.1 to 2, got 2.5"),
        ({"motion_speed": False}, "motion_speed must be a number, got false"),
    ],
)
def test_what_is_no_such_value_is_refused(fields: dict[str, Any], fault: str) -> None:
    assert faults_of(**fields) == [fault]


def test_all_faults_come_at_once_and_in_the_tables_order() -> None:
    assert [fault.split()[0] for fault in faults_of(motion_speed=9, upscale=9, width=1)] == [
        "width",
        "upscale",
        "motion_speed",
    ]
