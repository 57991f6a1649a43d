"""The reply to a job that went well, as the README shows it."""

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import attrs

from domain.geometry import ClipGeometry
from domain.lora import Lora
from domain.results import FoundObject, GenerationResult, StageReport, StoredObject, StoredPoster

SIGN: Final = "sign"
"""The mode that gives an object's URL."""

_SUPABASE_FIELDS: Final = ("bucket", "path", "signed_url", "public_url")

_SIGMA_PLACES: Final = 6
"""The makers' own lists have at most six decimals."""


def encode_result(result: GenerationResult, redact: Callable[[str], str] = str) -> dict[str, object]:
    """The reply as plain JSON values, without NaN; its warnings redacted. Seconds are rounded to milliseconds."""
    video = result.video
    return {
        "ok": True,
        "mode": result.mode,
        **_storage(result.stored, video.size, video.sha256, video.content_type),
        **({} if result.poster is None else {"poster": _poster(result.poster)}),
        "meta": _meta(result, redact),
    }


def encode_found(found: FoundObject) -> dict[str, object]:
    """The reply of mode `sign`, as plain JSON values."""
    return {"ok": True, "mode": SIGN, **_storage(found.stored, found.size, found.sha256, found.content_type)}


def _poster(poster: StoredPoster) -> dict[str, object]:
    picture = poster.picture
    return {**_object(poster.stored, picture.size, picture.sha256, picture.content_type), "frame": poster.frame}


def _storage(stored: StoredObject, size: int, sha256: str | None, content_type: str | None) -> dict[str, object]:
    """Where an object is and what it is; for Supabase also in the form that existing clients of that store read."""
    storage = _object(stored, size, sha256, content_type)
    if stored.backend != "supabase":
        return {"storage": storage}
    return {"supabase": {name: storage[name] for name in _SUPABASE_FIELDS}, "storage": storage}


def _object(stored: StoredObject, size: int, sha256: str | None, content_type: str | None) -> dict[str, object]:
    expires_at = stored.expires_at
    return {
        "backend": stored.backend,
        "bucket": stored.bucket or None,
        "path": stored.path or None,
        "signed_url": stored.signed_url,
        "public_url": stored.public_url,
        "expires_at": None if expires_at is None else expires_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "bytes": size,
        "sha256": sha256,
        "content_type": content_type,
    }


def _meta(result: GenerationResult, redact: Callable[[str], str]) -> dict[str, object]:
    output, model = result.output, result.model
    return {
        "seed": result.seed.number,
        "fps": output.frame_rate.number,
        **_measures(output),
        "inference_seconds": _seconds(result.statistics.inference_seconds),
        "frame_rate": str(output.frame_rate),
        "steps": result.steps,
        "guidance": result.guidance,
        "recipe": {"preset": result.preset, "stages": [_stage(stage) for stage in result.stages]},
        "loras": [_lora(lora) for lora in result.loras],
        "prompt_used": result.prompt_used,
        "model": {"name": model.name, "revision": model.revision, "family": model.family},
        "device": result.device,
        "memory_policy": result.statistics.memory_policy,
        "audio": _audio(result),
        **({} if result.interpolation is None else {"interpolation": attrs.asdict(result.interpolation)}),
        **({} if result.upscale is None else {"upscale": result.upscale}),
        **({} if result.motion_speed == 1 else {"motion_speed": result.motion_speed}),
        "duration_seconds": _seconds(output.duration),
        "generated": _measures(result.canvas),
        "timings": {stage: _seconds(value) for stage, value in attrs.asdict(result.timings).items()},
        "peak_vram_bytes": result.statistics.peak_vram_bytes,
        "cold": result.cold,
        "warnings": [redact(warning) for warning in result.all_warnings],
        "worker_version": result.worker_version,
    }


def _stage(stage: StageReport) -> dict[str, object]:
    return {
        "name": stage.name,
        "steps": stage.steps,
        "sampler": stage.sampler,
        "sigmas": [round(sigma, _SIGMA_PLACES) for sigma in stage.sigmas] or None,
        "guidance": attrs.asdict(stage.video),
        "audio_guidance": attrs.asdict(stage.audio),
        "width": stage.resolution.width,
        "height": stage.resolution.height,
    }


def _lora(lora: Lora) -> dict[str, object]:
    weight_name = None if lora.weight_name is None else lora.weight_name.name
    return {"source": lora.source.name, "weight_name": weight_name, "scale": lora.scale.scale}


def _measures(clip: ClipGeometry) -> dict[str, object]:
    return {"num_frames": clip.frames, "width": clip.resolution.width, "height": clip.resolution.height}


def _audio(result: GenerationResult) -> dict[str, object] | None:
    if result.video.audio_rate is None:
        return None
    return {"sampling_rate": result.video.audio_rate, "channels": result.video.audio_channels}


def _seconds(value: float | Fraction) -> float:
    return round(float(value), 3)
