"""Decoding of requests: what is taken, what is refused, and in which words."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.wire.codec import Wire
from adapters.wire.failures import encode_failure, encode_internal
from adapters.wire.requests import decode_request
from domain.errors import DiskFull, InvalidInput
from domain.geometry import FrameCount, FrameRate, Side
from domain.naming import FileName, IdempotencyKey
from domain.recipes import PRESETS, Preset
from domain.requests import ImageUrl, Prompt, TextToVideo
from domain.sampling import GuidanceScale, Seed, Steps
from tests.unit.adapters.wire.payloads import HUGE, refused, with_prompt


def test_a_prompt_is_enough() -> None:
    assert decode_request({"prompt": " a lake "}) == TextToVideo(prompt=Prompt("a lake"))


def test_every_field_of_a_text_request() -> None:
    raw = {
        "mode": "t2v",
        "prompt": "a lake",
        "negative_prompt": "blurry",
        "seed": 42,
        "steps": 12,
        "guidance": 6.5,
        "fps": 23.976,
        "num_frames": 121,
        "height": 720,
        "width": 1280,
        "image_url": None,
        "image_base64": None,
        "output_format": "mp4",
        "file_name": "lake.mp4",
        "return_signed_url": False,
        "low_vram": True,
        "idempotency_key": "order-17",
    }
    assert decode_request(raw) == TextToVideo(
        prompt=Prompt("a lake"),
        negative_prompt="blurry",
        seed=Seed(42),
        steps=Steps(12),
        guidance=GuidanceScale(6.5),
        fps=FrameRate.from_number(23.976),
        num_frames=FrameCount(121),
        height=Side(720),
        width=Side(1280),
        file_name=FileName("lake.mp4"),
        return_signed_url=False,
        low_vram=True,
        idempotency_key=IdempotencyKey("order-17"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "negative_prompt", "seed", "preset", "idempotency_key", "image_url", "image_base64", "image_path", "upload_url",
        "s3Config", "webhook_url",
    ],
)  # fmt: skip
def test_null_is_taken_for_its_default_where_the_table_says_so(name: str) -> None:
    assert decode_request(with_prompt(**{name: None})) == TextToVideo(prompt=Prompt("a lake"))


def test_null_leaves_the_number_of_frames_to_the_model() -> None:
    assert decode_request(with_prompt(num_frames=None)).num_frames is None
    assert decode_request(with_prompt()).num_frames == FrameCount(49)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_taken_by_its_name(preset: Preset) -> None:
    assert decode_request(with_prompt(preset=preset)).preset == preset


KNOWN_MODES = '"t2v", "i2v", "keyframes", "v2v", "extend", "retake", "a2v"'


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mode", f"mode must be one of {KNOWN_MODES}, got null"),
        ("prompt", "prompt is required"),
        ("steps", "steps must be an integer, got null"),
        ("guidance", "guidance must be a number, got null"),
        ("fps", "fps must be a number, got null"),
        ("enhance_prompt", "enhance_prompt must be true or false, got null"),
        ("height", "height must be an integer, got null"),
        ("width", "width must be an integer, got null"),
        ("output_format", "output_format must be a string, got null"),
        ("file_name", "file_name must be a string, got null"),
        ("return_signed_url", "return_signed_url must be true or false, got null"),
        ("low_vram", "low_vram must be true or false, got null"),
    ],
)
def test_null_is_refused_elsewhere(name: str, message: str) -> None:
    assert refused(with_prompt(**{name: None})) == [message]


@pytest.mark.parametrize("raw", [{}, {"prompt": None}])
def test_a_missing_prompt_gives_exactly_the_contracts_words(raw: object) -> None:
    with pytest.raises(InvalidInput) as error:
        decode_request(raw)
    assert error.value.message == "Invalid input: prompt is required"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"width": "512"}, 'width must be an integer, got "512"'),
        ({"width": 512.0}, "width must be an integer, got 512.0"),
        ({"width": True}, "width must be an integer, got true"),
        ({"width": [512]}, "width must be an integer, got a list"),
        ({"width": {}}, "width must be an integer, got an object"),
        ({"width": HUGE}, "width must be an integer of at most 64 bits, got a larger one"),
        ({"width": -HUGE}, "width must be an integer of at most 64 bits, got a larger one"),
        ({"width": 2**63}, "width must be an integer of at most 64 bits, got a larger one"),
        ({"width": 2**63 - 1}, "width must be from 64 to 4096, got 9223372036854775807"),
        ({"width": 511}, "width must be even, got 511 (nearest: 510 or 512)"),
        ({"seed": -1}, "seed must be from 0 to 9007199254740991 (2^53 - 1), got -1"),
        ({"seed": False}, "seed must be an integer, got false"),
        ({"steps": 0}, "steps must be from 1 to 200, got 0"),
        ({"steps": 1e1}, "steps must be an integer, got 10.0"),
        ({"guidance": "7"}, 'guidance must be a number, got "7"'),
        ({"guidance": True}, "guidance must be a number, got true"),
        ({"guidance": float("nan")}, "guidance must be a number, got NaN"),
        ({"guidance": 31}, "guidance must be from 0 to 30, got 31"),
        ({"fps": float("inf")}, "fps must be a number, got Infinity"),
        ({"fps": float("-inf")}, "fps must be a number, got -Infinity"),
        ({"fps": HUGE}, "fps must be a number of at most 64 bits, got a larger one"),
        ({"fps": 0}, "fps must be from 1 to 120, got 0"),
        ({"num_frames": 0}, "num_frames must be at least 1, got 0"),
        ({"prompt": 5}, "prompt must be a string, got 5"),
        ({"prompt": HUGE}, "prompt must be a string, got an integer of more than 64 bits"),
        ({"prompt": "  "}, "prompt must have 1 to 10000 characters after trimming, got 0"),
        ({"prompt": "x" * 10_001}, "prompt must have 1 to 10000 characters after trimming, got 10001"),
        ({"prompt": "\ud800"}, "prompt must be valid Unicode text: it holds half of a surrogate pair"),
        ({"negative_prompt": 5}, "negative_prompt must be a string, got 5"),
        ({"negative_prompt": b"x"}, "negative_prompt must be a string, got a value that JSON does not have"),
        ({"low_vram": "true"}, 'low_vram must be true or false, got "true"'),
        ({"low_vram": 1}, "low_vram must be true or false, got 1"),
        (
            {"output_format": "avi"},
            'output_format must be one of "mp4", "webm", "gif", "png_sequence", "wav", got "avi"',
        ),
        ({"output_format": ["mp4"]}, "output_format must be a string, got a list"),
        ({"idempotency_key": ""}, "idempotency_key must be 1 to 128 letters, digits, '.', '_' or '-'"),
        ({"file_name": "a.webm"}, "file_name must end in .mp4 with output_format mp4"),
        ({"file_name": "a.MP4"}, "file_name must end in .mp4 with output_format mp4"),
        (
            {"output_format": "png_sequence", "file_name": "a.mp4.exe"},
            "file_name must end in .zip with output_format png_sequence",
        ),
        ({"output_format": "gif", "fps": 50.5}, "fps must be at most 50 with output_format gif, got 50.5"),
        (
            {"output_format": "wav", "poster": True},
            "poster must be left out with output_format wav, which shows nothing",
        ),
        ({"poster": "first"}, 'poster must be true, false or the number of a frame, got "first"'),
        ({"poster": 1.0}, "poster must be true, false or the number of a frame, got 1.0"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_accepted(fields: Mapping[str, object], message: str) -> None:
    assert refused(with_prompt(**fields)) == [message]


def test_an_integer_is_a_fine_number() -> None:
    request = decode_request(with_prompt(guidance=7, fps=30))
    assert (request.guidance, request.fps) == (GuidanceScale(7), FrameRate.from_number(30))


def test_shown_values_are_short() -> None:
    (message,) = refused(with_prompt(width="9" * 1_000_000))
    assert message == 'width must be an integer, got "' + "9" * 57 + '…"'
    (escaped,) = refused(with_prompt(width='"' * 500))
    assert len(escaped.removeprefix("width must be an integer, got ")) == 60
    (halved,) = refused(with_prompt(width="\ud800"))
    assert halved.encode().endswith(b'"\\ud800"')


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, "null"),
        ([], "a list"),
        ("{}", '"{}"'),
        (5, "5"),
        (True, "true"),
        (HUGE, "an integer of more than 64 bits"),
    ],
)
def test_a_request_is_an_object(raw: object, shown: str) -> None:
    assert refused(raw) == [f"input must be an object, got {shown}"]
    assert refused(raw, "batch[2]") == [f"batch[2] must be an object, got {shown}"]


def test_all_faults_are_told_at_once_in_the_tables_order() -> None:
    wrong: dict[str, object] = {
        "widht": 1,
        "s3Config": 1,
        "upload_url": 1,
        "idempotency_key": 1,
        "low_vram": 1,
        "return_signed_url": 1,
        "file_name": 1,
        "output_format": 1,
        "image_path": 1,
        "image_base64": 1,
        "image_url": 1,
        "width": "1",
        "height": "1",
        "num_frames": "1",
        "fps": "1",
        "guidance": "1",
        "steps": "1",
        "seed": "1",
        "negative_prompt": 1,
        "prompt": 1,
        "extra": 1,
    }
    table = ["prompt", "negative_prompt", "seed", "steps", "guidance", "fps", "num_frames", "height", "width"]
    table += ["image_url", "image_base64", "image_path", "output_format", "file_name", "return_signed_url", "low_vram"]
    table += ["idempotency_key", "upload_url", "s3Config", "widht", "extra"]
    for mode in ({"mode": "t2v"}, {"mode": "i2v"}):
        assert [message.split()[0] for message in refused(wrong | mode)] == table


def test_an_unknown_mode_names_the_modes_and_hides_no_other_fault() -> None:
    assert refused({"mode": "t3v", "width": 511, "image_url": "x", "sed": 1}) == [
        f'mode must be one of {KNOWN_MODES}, got "t3v"',
        "prompt is required",
        "width must be even, got 511 (nearest: 510 or 512)",
        "sed is not a known field (did you mean seed?)",
    ]
    assert refused(with_prompt(mode=["t2v"])) == [f"mode must be one of {KNOWN_MODES}, got a list"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("widht", "widht is not a known field (did you mean width?)"),
        ("Prompt", "Prompt is not a known field (did you mean prompt?)"),
        ("WIDTH", "WIDTH is not a known field (did you mean width?)"),
        ("imageUrl", "imageUrl is not a known field (did you mean image_url?)"),
        ("zzz", "zzz is not a known field"),
        ("", "is not a known field"),
        ("w" * 500, "w" * 57 + "… is not a known field"),
        (7, "7 is not a known field"),
        (HUGE, "an integer of more than 64 bits is not a known field"),
    ],
)
def test_an_unknown_field_is_refused_by_name(name: Any, message: str) -> None:
    assert refused({"prompt": "a lake", name: 1}) == [message]


def test_a_flood_of_unknown_fields_is_counted() -> None:
    messages = refused(with_prompt(**{f"field{number}": 1 for number in range(10_000)}))
    assert len(messages) == 21
    assert messages[-1] == "input has 9980 more fields that are not known"


def test_paths_begin_where_the_request_stands() -> None:
    assert refused({"mode": "i2v", "width": 5, "hieght": 5}, "batch[2]") == [
        "batch[2].prompt is required",
        "batch[2].width must be from 64 to 4096, got 5",
        "batch[2].image_url or image_base64 or image_path is required: mode i2v starts with a picture",
        "batch[2].hieght is not a known field (did you mean height?)",
    ]
    request = decode_request(with_prompt(mode="i2v", image_url="https://example.com"), "batch[2]")
    assert request.pictures == (ImageUrl("https://example.com", path="batch[2].image_url"),)


def test_the_codec_is_these_functions() -> None:
    wire = Wire()
    assert wire.decode_job({"prompt": "a lake"}) == decode_request({"prompt": "a lake"})
    assert wire.encode_failure(DiskFull("No room"), "id") == encode_failure(DiskFull("No room"), "id")
    assert wire.encode_internal("id") == encode_internal("id")


def test_a_fault_deep_in_a_list_stands_where_its_field_does() -> None:
    raw = with_prompt(loras=[{"source": "org/name", "scale": 9}], width=1, file_name="?", nonsense=1)
    with pytest.raises(InvalidInput) as refused:
        decode_request(raw)
    assert [fault.path for fault in refused.value.faults] == ["width", "loras[0].scale", "file_name", "nonsense"]
    with pytest.raises(InvalidInput) as inside:
        decode_request(raw, "batch[2]")
    assert [fault.path.removeprefix("batch[2].") for fault in inside.value.faults] == [
        fault.path for fault in refused.value.faults
    ]
