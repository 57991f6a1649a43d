"""Whatever comes in: a request, or InvalidInput."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from adapters.wire.requests import decode_request
from domain.errors import InvalidInput
from domain.requests import GenerationRequest
from domain.targets import S3Target
from domain.upscaling import upscaled
from tests.support.drawn_requests import EXAMPLES, MEASURED, NAMES, PATHS, PAYLOADS, VALID


@settings(max_examples=EXAMPLES, deadline=None)
@given(PAYLOADS, PATHS)
def test_anything_ends_in_a_request_or_in_invalid_input(payload: object, path: str) -> None:
    try:
        request = decode_request(payload, path)
    except InvalidInput as refused:
        _check_told(refused, path)
    else:
        assert isinstance(payload, dict)
        assert request.mode == payload.get("mode", "t2v")


def _check_told(refused: InvalidInput, path: str) -> None:
    """Each fault says where it is, in text that a reply can hold; `error` joins them."""
    assert refused.faults
    assert len(refused.message) <= 2000
    assert len({(fault.path, fault.message) for fault in refused.faults}) == len(refused.faults)
    for fault in refused.faults:
        assert fault.message
        assert len(fault.path) + len(fault.message) <= 300
        assert not path or fault.path == path or fault.path.startswith((f"{path}.", f"{path}["))
    told = [{"path": fault.path, "message": fault.message} for fault in refused.faults]
    json.dumps({"error": refused.message, "details": told}, allow_nan=False, ensure_ascii=False).encode()


def _nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_nested_100_000_deep_is_only_a_wrong_type(name: str) -> None:
    deep = _nested(100_000)
    with pytest.raises(InvalidInput):
        decode_request({"prompt": "a lake", "mode": "i2v", name: deep})
    with pytest.raises(InvalidInput):
        decode_request(deep)


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
    "audio": "generate",
    "num_outputs": 1,
    "upscale": None,
    "motion_speed": 1,
    "interpolate": None,
    "loras": [],
    "output_format": "mp4",
    "file_name": "video.mp4",
    "return_signed_url": True,
    "low_vram": False,
    "idempotency_key": None,
    "upload_url": None,
    "s3Config": None,
    "webhook_url": None,
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
        "audio": request.audio,
        "num_outputs": request.num_outputs.number,
        "upscale": request.upscale and request.upscale.factor,
        "motion_speed": request.motion_speed.factor,
        "interpolate": request.interpolate and request.interpolate.factor,
        "loras": [
            {"source": lora.source.name, "weight_name": None, "scale": lora.scale.scale} for lora in request.loras
        ],
        "output_format": request.output_format.name,
        "file_name": request.file_name.name,
        "return_signed_url": request.return_signed_url,
        "low_vram": request.low_vram,
        "idempotency_key": request.idempotency_key and request.idempotency_key.key,
        "upload_url": request.upload_url,
        "s3Config": request.s3Config and _target_as_sent(request.s3Config),
        "webhook_url": request.webhook_url and request.webhook_url.url.reveal(),
    }


def _target_as_sent(target: S3Target) -> dict[str, Any]:
    return {
        "accessId": target.access_id.text.reveal(),
        "accessSecret": target.access_secret.text.reveal(),
        "bucketName": target.bucket.name,
        "endpointUrl": target.endpoint.url.reveal(),
        "region": target.region and target.region.name,
    }


@given(MEASURED)
def test_a_request_in_other_words_is_a_request_too(fields: dict[str, Any]) -> None:
    request = decode_request(json.loads(json.dumps(fields)))
    seconds, size = fields.get("seconds"), request.given_as.size
    if seconds is not None:
        assert request.num_frames is not None
        assert abs(request.num_frames.frames - seconds * float(request.fps.rate)) <= 1  # at least one, however short
    assert size is None or upscaled(size, request.upscale) == request.geometry.resolution
    assert (size is None) == (fields.get("resolution") is fields.get("aspect_ratio") is None)


@given(VALID)
def test_a_valid_request_holds_what_was_sent(fields: dict[str, Any]) -> None:
    request = decode_request(json.loads(json.dumps(fields)))
    assert _as_sent(request) == _DEFAULTS | fields
    assert request.fps.rate == Fraction(fields.get("fps", 24))
