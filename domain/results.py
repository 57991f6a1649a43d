"""What a finished job has to tell."""

import datetime as dt

import attrs

from domain.clip import ClipStatistics
from domain.plan import GenerationPlan
from domain.profile import ModelProfile


@attrs.frozen(kw_only=True)
class EncodedVideo:
    """A finished file: whole, verified, not yet stored."""

    content_type: str
    size: int
    """Bytes."""
    sha256: str
    audio_rate: int | None
    audio_channels: int | None


@attrs.frozen(kw_only=True)
class StoredObject:
    """Where a clip lies. At most one of the URLs is set; a `file://` URL for the local store."""

    backend: str
    bucket: str
    path: str
    signed_url: str | None = attrs.field(default=None, repr=False)
    public_url: str | None = None
    expires_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Timings:
    """Wall seconds per stage. Decode runs under encode, so they may add up to more than `total`."""

    fetch: float
    prepare: float
    inference: float
    decode: float
    encode: float
    upload: float
    total: float


@attrs.frozen(kw_only=True)
class GenerationResult:
    """A clip in the store, and how it came about."""

    plan: GenerationPlan
    profile: ModelProfile
    video: EncodedVideo
    stored: StoredObject
    statistics: ClipStatistics
    timings: Timings
    cold: bool
    """Whether this was the process's first job."""
    warnings: tuple[str, ...] = ()
    """All of the job's, the plan's included."""
