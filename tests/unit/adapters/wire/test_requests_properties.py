"""Whatever comes in: a request, or InvalidInput."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.wire.requests import decode_request
from domain.errors import InvalidInput
from domain.recipes import PRESETS
from domain.requests import GenerationRequest

_NAMES = [
    "mode",
    "prompt",
    "negative_prompt",
    "enhance_prompt",
    "seed",
    "preset",
    "steps",
    "guidance",
    "fps",
    "num_frames",
    "height",
    "width",
    "loras",
    "image_url",
    "image_base64",
    "output_format",
    "file_name",
    "return_signed_url",
    "low_vram",
    "idempotency_key",
]
_WORDS = st.sampled_from(["", "t2v", "i2v", "mp4", "video.mp4", "512", "true", "a lake", "\ud800", "\x00", "x" * 3000])
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), _WORDS, st.text(st.characters(), max_size=9)
)
_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2), st.dictionaries(_WORDS, _SCALARS, max_size=2))
_PAYLOADS = st.one_of(_VALUES, st.dictionaries(st.sampled_from(_NAMES) | _WORDS, _VALUES, max_size=8))


def _outcome(payload: object) -> GenerationRequest | InvalidInput:
    try:
        return decode_request(payload)
    except InvalidInput as refused:
        return refused


@settings(max_examples=2000, deadline=None)
@given(_PAYLOADS)
def test_anything_ends_in_a_request_or_in_invalid_input(payload: object) -> None:
    outcome = _outcome(payload)
    if isinstance(outcome, InvalidInput):
        assert outcome.faults
        assert len(outcome.message) <= 2000
        told = [{"path": fault.path, "message": fault.message} for fault in outcome.faults]
        json.dumps({"error": outcome.message, "details": told}, allow_nan=False, ensure_ascii=False).encode()


def _nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("name", _NAMES)
def test_a_payload_nested_100_000_deep_is_only_a_wrong_type(name: str) -> None:
    deep = _nested(100_000)
    with pytest.raises(InvalidInput):
        decode_request({"prompt": "a lake", "mode": "i2v", name: deep})
    with pytest.raises(InvalidInput):
        decode_request(deep)


_LORAS = st.fixed_dictionaries(
    {
        "source": st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}(\.safetensors)?", fullmatch=True),
        "weight_name": st.none(),
        "scale": st.integers(min_value=-4, max_value=4) | st.floats(min_value=-4, max_value=4),
    }
)
_VALID = st.fixed_dictionaries(
    {"prompt": st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=50)},
    optional={
        "negative_prompt": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        "enhance_prompt": st.booleans(),
        "seed": st.none() | st.integers(min_value=0, max_value=2**53 - 1),
        "preset": st.none() | st.sampled_from(PRESETS),
        "steps": st.integers(min_value=1, max_value=200),
        "guidance": st.integers(min_value=0, max_value=30) | st.floats(min_value=0, max_value=30),
        "fps": st.integers(min_value=1, max_value=120),
        "num_frames": st.none() | st.integers(min_value=1, max_value=10_000),
        "height": st.integers(min_value=32, max_value=2048).map(lambda half: 2 * half),
        "width": st.integers(min_value=32, max_value=2048).map(lambda half: 2 * half),
        "loras": st.lists(_LORAS, max_size=4, unique_by=lambda lora: lora["source"]),
        "output_format": st.just("mp4"),
        "file_name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}\.mp4", fullmatch=True),
        "return_signed_url": st.booleans(),
        "low_vram": st.booleans(),
        "idempotency_key": st.none() | st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True),
    },
)
_DEFAULTS: dict[str, Any] = {
    "negative_prompt": None,
    "enhance_prompt": False,
    "seed": None,
    "preset": None,
    "steps": None,
    "guidance": None,
    "fps": 24,
    "num_frames": 49,
    "height": 512,
    "width": 512,
    "loras": [],
    "output_format": "mp4",
    "file_name": "video.mp4",
    "return_signed_url": True,
    "low_vram": False,
    "idempotency_key": None,
}


def _as_sent(request: GenerationRequest) -> dict[str, object]:
    return {
        "prompt": request.prompt.text,
        "negative_prompt": request.negative_prompt,
        "enhance_prompt": request.enhance_prompt,
        "seed": request.seed and request.seed.number,
        "preset": request.preset,
        "steps": request.steps and request.steps.count,
        "guidance": request.guidance and request.guidance.scale,
        "fps": request.fps.number,
        "num_frames": request.num_frames and request.num_frames.frames,
        "height": request.height.pixels,
        "width": request.width.pixels,
        "loras": [
            {"source": lora.source.name, "weight_name": None, "scale": lora.scale.scale} for lora in request.loras
        ],
        "output_format": request.output_format.name,
        "file_name": request.file_name.name,
        "return_signed_url": request.return_signed_url,
        "low_vram": request.low_vram,
        "idempotency_key": request.idempotency_key and request.idempotency_key.key,
    }


@given(_VALID)
def test_a_valid_request_holds_what_was_sent(fields: dict[str, Any]) -> None:
    request = decode_request(json.loads(json.dumps(fields)))
    assert _as_sent(request) == _DEFAULTS | fields
    assert request.fps.rate == Fraction(fields.get("fps", 24))
