"""`keyframes`, and what `i2v` says of its picture: every fault at once, each with its whole path."""

from typing import Any

import pytest

from adapters.wire.requests import decode_request
from domain.conditions import Crf, FramePosition, Strength
from domain.naming import ObjectPath
from domain.requests import ImageToVideo, ImageUrl, InlineImage, Keyframe, KeyframesToVideo, StoredImage
from tests.unit.adapters.wire.payloads import refused, with_prompt

URL = "https://example.com/a.png"
SOUND = {"image_url": URL, "frame": 0}


def with_keyframes(*keyframes: object, **fields: object) -> dict[str, object]:
    return with_prompt(mode="keyframes", keyframes=list(keyframes), **fields)


def test_keyframes_take_pictures_in_every_way() -> None:
    raw = with_keyframes(
        {"image_url": URL, "image_base64": None, "frame": 0},
        {"image_base64": "QUJD", "frame": 7, "strength": 0.5},
        {"image_path": "inputs/a.png", "frame": -1, "strength": 1},
    )
    request = decode_request(raw, "batch[2]")
    assert isinstance(request, KeyframesToVideo)
    assert request.keyframes == (
        Keyframe(image=ImageUrl(URL, "batch[2].keyframes[0].image_url"), frame=FramePosition(0)),
        Keyframe(
            image=InlineImage("QUJD", "batch[2].keyframes[1].image_base64"),
            frame=FramePosition(7),
            strength=Strength(0.5),
        ),
        Keyframe(
            image=StoredImage(ObjectPath("inputs/a.png"), "batch[2].keyframes[2].image_path"), frame=FramePosition(-1)
        ),
    )
    assert request.pictures[0].path == "batch[2].keyframes[0].image_url"


@pytest.mark.parametrize(
    ("keyframes", "message"),
    [
        (None, "keyframes must be a list of objects, got null"),
        ({}, "keyframes must be a list of objects, got an object"),
        ([], "keyframes must have 1 to 8 items, got 0"),
        ([SOUND] * 9, "keyframes must have 1 to 8 items, got 9"),
        (["x"], 'keyframes[0] must be an object, got "x"'),
        ([{"image_url": URL}], "keyframes[0].frame is required"),
        ([SOUND | {"frame": None}], "keyframes[0].frame must be an integer, got null"),
        ([SOUND | {"frame": 1.0}], "keyframes[0].frame must be an integer, got 1.0"),
        ([SOUND | {"frame": True}], "keyframes[0].frame must be an integer, got true"),
        ([SOUND | {"frame": 2**64}], "keyframes[0].frame must be an integer of at most 64 bits, got a larger one"),
        ([SOUND, SOUND | {"strength": 1.5}], "keyframes[1].strength must be from 0 to 1, got 1.5"),
        ([SOUND | {"strength": None}], "keyframes[0].strength must be a number, got null"),
        (
            [{"frame": 0}],
            "keyframes[0].image_url or image_base64 or image_path is required: a keyframe is a picture",
        ),
        (
            [SOUND | {"image_base64": "QUJD"}],
            "keyframes[0].image_base64 must not be given together with image_url: exactly one is taken",
        ),
        (
            [SOUND | {"crf": 5}],
            "keyframes[0].crf is not a known field; known are image_url, image_base64, image_path, frame, strength",
        ),
        ([SOUND | {"image_url": 5}], "keyframes[0].image_url must be a string, got 5"),
    ],
)
def test_a_wrong_keyframe_is_refused_with_its_place(keyframes: Any, message: str) -> None:
    assert refused(with_prompt(mode="keyframes", keyframes=keyframes)) == [message]


def test_keyframes_are_required_where_they_make_the_mode() -> None:
    assert refused(with_prompt(mode="keyframes")) == ["keyframes is required"]
    assert refused(with_prompt(keyframes=[SOUND])) == ["keyframes belongs to mode keyframes"]
    assert refused(with_keyframes(SOUND, image_url=URL)) == ["image_url belongs to modes i2v, a2v"]


def test_all_faults_of_all_keyframes_are_told() -> None:
    raw = with_keyframes({"frame": "x", "strength": 2, "image_url": ""}, SOUND, {"frame": 1}, width=511)
    assert refused(raw, "batch[1]") == [
        "batch[1].width must be even, got 511 (nearest: 510 or 512)",
        "batch[1].keyframes[0].image_url must have 1 to 2048 characters, got 0",
        'batch[1].keyframes[0].frame must be an integer, got "x"',
        "batch[1].keyframes[0].strength must be from 0 to 1, got 2",
        "batch[1].keyframes[2].image_url or image_base64 or image_path is required: a keyframe is a picture",
    ]


def test_a_first_frame_has_a_strength_and_a_compression() -> None:
    plain = decode_request(with_prompt(mode="i2v", image_url=URL))
    given = decode_request(with_prompt(mode="i2v", image_url=URL, image_strength=0.5, image_crf=12))
    assert isinstance(plain, ImageToVideo)
    assert isinstance(given, ImageToVideo)
    assert (plain.image_strength, plain.image_crf) == (Strength(1.0), None)
    assert (given.image_strength, given.image_crf) == (Strength(0.5), Crf(12))
    assert decode_request(with_prompt(mode="i2v", image_url=URL, image_strength=1, image_crf=None)) == plain


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"image_strength": -0.1}, "image_strength must be from 0 to 1, got -0.1"),
        ({"image_strength": None}, "image_strength must be a number, got null"),
        ({"image_strength": "1"}, 'image_strength must be a number, got "1"'),
        ({"image_crf": 52}, "image_crf must be from 0 to 51, got 52"),
        ({"image_crf": 1.5}, "image_crf must be an integer, got 1.5"),
    ],
)
def test_wrong_ones_are_refused(field: dict[str, object], message: str) -> None:
    assert refused(with_prompt(mode="i2v", image_url=URL, **field)) == [message]
    (name,) = field
    assert refused(with_prompt(**{name: 1})) == [f"{name} belongs to modes i2v, a2v"]
