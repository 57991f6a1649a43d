"""Success replies against the golden ones."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest

from adapters.wire.codec import Wire
from adapters.wire.results import encode_result
from domain.clip import ClipStatistics
from domain.families import LTX_2
from domain.geometry import FrameCount, FrameRate, Side
from domain.limits import Limits
from domain.lora import Lora, LoraScale, LoraSource, WeightName
from domain.plan import plan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Prompt, TextToVideo
from domain.results import EncodedVideo, FoundObject, GenerationResult, StoredObject, Timings, stage_reports
from domain.sampling import GuidanceScale, Seed
from tests.unit.adapters.wire.goldens import golden

_PATH = "ltx2/2026-01-13/job_abc123/video.mp4"
_SHA256 = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def _planned(request: GenerationRequest, profile: ModelProfile) -> dict[str, Any]:
    planned = plan(request, profile, Limits(), Seed(42))
    return {
        "mode": planned.mode,
        "seed": planned.seed,
        "preset": planned.preset,
        "stages": stage_reports(planned),
        "steps": planned.base.schedule.steps,
        "guidance": planned.base.video.guidance_scale,
        "output": planned.output,
        "canvas": planned.canvas,
        "model": profile.identity,
        "device": profile.device,
    }


def _on_supabase() -> GenerationResult:
    profile = ModelProfile(
        name="Lightricks/LTX-2",
        revision="main",
        checkpoint=Checkpoint(family=LTX_2, is_distilled=False, has_upsampler=True, distilled_lora_bytes=0),
        device="NVIDIA L40S",
    )
    request = TextToVideo(
        prompt=Prompt("a lake"),
        num_frames=FrameCount(50),
        width=Side(1280),
        height=Side(720),
        guidance=GuidanceScale(6.5),
        preset="quality",
        loras=(
            Lora(source=LoraSource("styles/ink.safetensors"), scale=LoraScale(0.75)),
            Lora(source=LoraSource("org/name"), weight_name=WeightName("a.safetensors")),
        ),
    )
    return GenerationResult(
        **_planned(request, profile),
        video=EncodedVideo(
            content_type="video/mp4", size=1_234_567, sha256=_SHA256, audio_rate=24_000, audio_channels=2
        ),
        stored=StoredObject(
            backend="supabase",
            bucket="ltx2-outputs",
            path=_PATH,
            signed_url="https://abc.supabase.co/storage/v1/object/sign/ltx2-outputs/video.mp4?token=t",
            expires_at=dt.datetime(2026, 1, 14, 11, 0, 0, 999_999, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            warnings=("second",),
        ),
        statistics=ClipStatistics(
            prepare_seconds=0.25,
            inference_seconds=12.3456,
            decode_seconds=2.5,
            peak_vram_bytes=32 * 2**30,
            memory_policy="text_offload",
        ),
        loras=request.loras,
        prompt_used="a lake, at length",
        timings=Timings(
            fetch=0.0001, prepare=0.25, inference=12.3456, decode=2.5, encode=3.0, upload=1.00149, total=15.5
        ),
        cold=True,
        worker_version="1.2.3",
        warnings=("first",),
    )


def _on_disk() -> GenerationResult:
    checkpoint = Checkpoint(family=LTX_2, is_distilled=True)
    profile = ModelProfile(name="builtin/tiny", revision="main", checkpoint=checkpoint, device="cpu")
    request = ImageToVideo(
        prompt=Prompt("a lake"), image=ImageUrl("https://example.com/a.png"), fps=FrameRate.from_number(23.976)
    )
    return attrs.evolve(
        _on_supabase(),
        **_planned(request, profile),
        video=EncodedVideo(
            content_type="video/mp4", size=1_234_567, sha256=_SHA256, audio_rate=None, audio_channels=None
        ),
        stored=StoredObject(backend="local", bucket="local", path=_PATH, public_url=f"file:///outputs/{_PATH}"),
        statistics=ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0),
        timings=Timings(fetch=0, prepare=0, inference=0, decode=0, encode=0, upload=0, total=0),
        loras=(),
        prompt_used=None,
        cold=False,
        warnings=(),
    )


@pytest.mark.parametrize(("name", "result"), [("success_supabase", _on_supabase()), ("success_local", _on_disk())])
def test_a_success_reply_is_the_golden_one(name: str, result: GenerationResult) -> None:
    reply = encode_result(result)
    expected = golden(name)
    assert reply == expected
    assert json.loads(json.dumps(reply, allow_nan=False)) == expected
    assert list(reply) == list(expected)


def test_ways_of_making_are_told_where_they_were_asked_for() -> None:
    plain = encode_result(_on_supabase())["meta"]
    told = encode_result(attrs.evolve(_on_supabase(), upscale=2, motion_speed=0.5))["meta"]
    assert isinstance(plain, dict)
    assert told == {**plain, "upscale": 2, "motion_speed": 0.5}


def test_types_survive_where_json_would_not_tell_them() -> None:
    reply = Wire().encode_result(_on_supabase())
    assert reply == encode_result(_on_supabase())
    meta = reply["meta"]
    assert isinstance(meta, dict)
    assert type(meta["fps"]) is int
    assert meta["cold"] is True


def test_a_clip_at_an_upload_url_has_no_place_that_is_told() -> None:
    stored = StoredObject(backend="upload_url", bucket="", path="")
    reply = encode_result(attrs.evolve(_on_disk(), stored=stored))
    assert "supabase" not in reply
    assert reply["storage"] == {
        "backend": "upload_url",
        "bucket": None,
        "path": None,
        "signed_url": None,
        "public_url": None,
        "expires_at": None,
        "bytes": 1_234_567,
        "sha256": _SHA256,
        "content_type": "video/mp4",
    }


def test_an_object_of_which_little_is_known_is_told_with_nulls() -> None:
    found = FoundObject(
        stored=StoredObject(backend="local", bucket="b", path=_PATH, public_url="file:///b"),
        size=4,
        content_type=None,
        sha256=None,
    )
    reply = Wire().encode_found(found)
    assert list(reply) == ["ok", "mode", "storage"]
    assert reply["mode"] == "sign"
    storage = reply["storage"]
    assert isinstance(storage, dict)
    assert (storage["bytes"], storage["sha256"], storage["content_type"]) == (4, None, None)


def test_an_object_without_a_url_says_so() -> None:
    stored = StoredObject(backend="supabase", bucket="b", path=_PATH)
    reply = encode_result(attrs.evolve(_on_supabase(), stored=stored))
    assert reply["supabase"] == {"bucket": "b", "path": _PATH, "signed_url": None, "public_url": None}
