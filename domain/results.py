"""What a finished job has to tell."""

import datetime as dt

import attrs

from domain.clip import ClipStatistics
from domain.errors import StoragePending
from domain.geometry import ClipGeometry, Resolution
from domain.guidance import Guidance
from domain.interpolation import Interpolated
from domain.lora import Lora
from domain.plan import GenerationPlan
from domain.profile import ModelIdentity
from domain.sampling import Seed


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
class EncodedPicture:
    """A finished picture file: whole, verified, not yet stored."""

    content_type: str
    size: int
    """Bytes."""
    sha256: str


@attrs.frozen(kw_only=True)
class StoredObject:
    """Where a clip lies. At most one of the URLs is set; a `file://` URL for the local store.

    `backend` is the store's name; for a job's own target "s3", or "upload_url" with an empty bucket and path, which
    only the caller knows.
    """

    backend: str
    bucket: str
    path: str
    signed_url: str | None = attrs.field(default=None, repr=False)
    public_url: str | None = None
    expires_at: dt.datetime | None = None
    warnings: tuple[str, ...] = ()
    """Why a URL that was wanted is missing."""


@attrs.frozen(kw_only=True)
class StoredPoster:
    """A picture of the clip, beside it."""

    frame: int
    """Which frame of the file it shows, from 0."""
    picture: EncodedPicture
    stored: StoredObject


@attrs.frozen(kw_only=True)
class FoundObject:
    """An object that was asked for by its path, with a URL. None: the store does not tell."""

    stored: StoredObject
    size: int
    """Bytes."""
    content_type: str | None
    sha256: str | None


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
class StageReport:
    """A denoising run that was part of a clip."""

    name: str
    steps: int
    sampler: str
    sigmas: tuple[float, ...]
    """What was asked of the scheduler, without the final 0; empty: the checkpoint's own schedule."""
    video: Guidance
    audio: Guidance
    resolution: Resolution


@attrs.frozen(kw_only=True)
class GenerationResult:
    """A clip in the store, and how it came about: plain values, so that a record of them gives the same reply."""

    mode: str
    seed: Seed
    steps: int
    guidance: float
    """The picture's guidance scale."""
    output: ClipGeometry
    """What the file measures."""
    canvas: ClipGeometry
    """The grid point that was generated."""
    model: ModelIdentity
    device: str
    video: EncodedVideo
    stored: StoredObject
    statistics: ClipStatistics
    timings: Timings
    cold: bool
    """Whether this was the first job of the process that made the clip."""
    worker_version: str
    """Of the worker that made the clip."""
    warnings: tuple[str, ...] = ()
    """The job's own, the plan's included; without those about the stored object."""
    replayed: bool = False
    """Whether the clip was made for an earlier delivery; times and device are then of that one."""
    preset: str = "standard"
    stages: tuple[StageReport, ...] = ()
    """What ran, in order; empty in a record of a version that did not tell."""
    loras: tuple[Lora, ...] = ()
    prompt_used: str | None = None
    """The prompt as the model rewrote it; None: it was used as given."""
    interpolation: Interpolated | None = None
    """None: the clip has the frames that were asked for."""
    upscale: int | None = None
    """By how much the file is wider and higher than what was asked to be generated; None: not at all."""
    motion_speed: float = 1.0
    poster: StoredPoster | None = None
    """None: none was asked for, or it could not be stored, which a warning tells."""

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """What the reply tells: the job's, then the stored objects'."""
        return self.warnings + self.stored.warnings + (() if self.poster is None else self.poster.stored.warnings)


def stage_reports(plan: GenerationPlan) -> tuple[StageReport, ...]:
    """What the stages of `plan` are to be told as."""
    return tuple(
        StageReport(
            name=planned.stage.name,
            steps=planned.stage.schedule.steps,
            sampler=planned.stage.sampler,
            sigmas=planned.stage.schedule.sigmas or (),
            video=planned.stage.video,
            audio=planned.stage.audio,
            resolution=planned.canvas.resolution,
        )
        for planned in plan.stages
    )


class ClipPending(StoragePending):
    """A clip that is whole and safe, but not in the store yet. `result` tells of it, without a URL."""

    def __init__(self, pending: StoragePending, result: GenerationResult) -> None:
        super().__init__(pending.message, bucket=pending.bucket, path=pending.path, sha256=pending.sha256)
        self.result = result
