"""Names that become paths: file names, job ids, object keys. Only ASCII slugs reach a disk or a store."""

import datetime as dt
import hashlib
import re
from typing import Final

import attrs

from domain.errors import InvalidValue
from domain.media import MP4

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,123}", re.ASCII)
_IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_JOB_SLUG: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
_NOT_IN_SLUG: Final = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)
_SLUG_LENGTH: Final = 64


@attrs.frozen
class FileName:
    """Name of the clip's file, not a path: `[A-Za-z0-9][A-Za-z0-9._-]{0,123}`, with the format's suffix."""

    name: str

    def __attrs_post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            message = (
                "must be a file name and no path: a letter or digit first, then letters, digits, "
                "'.', '_' or '-', at most 124 characters"
            )
            raise InvalidValue(message)
        if not self.name.endswith(MP4.suffix):
            message = f"must end in {MP4.suffix}"
            raise InvalidValue(message)


@attrs.frozen
class IdempotencyKey:
    """What stands in for the job id when a repeated submission must not render twice."""

    key: str

    def __attrs_post_init__(self) -> None:
        if not _IDEMPOTENCY_KEY.fullmatch(self.key):
            message = "must be 1 to 128 letters, digits, '.', '_' or '-'"
            raise InvalidValue(message)


def job_slug(job_id: str) -> str:
    """`job_id` as one path segment.

    Returned as it is where that is safe. Otherwise every run of other characters becomes "-", and eight hex
    digits of the id's SHA-256 keep two ids apart that would read alike.
    """
    if _JOB_SLUG.fullmatch(job_id):
        return job_id
    digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = _NOT_IN_SLUG.sub("-", job_id).strip("-")[:_SLUG_LENGTH]
    return f"{readable or 'job'}-{digest}"


def object_key(prefix: str, day: dt.date, job_id: str, file_name: FileName) -> str:
    """`{prefix}/{YYYY-MM-DD}/{job id}/{file_name}`; `day` is in UTC."""
    return _joined(prefix, day.isoformat(), job_slug(job_id), file_name.name)


def record_key(prefix: str, job_key: str) -> str:
    """`{prefix}/_jobs/{job id or idempotency key}.json`. No date: a second delivery may come on another day."""
    return _joined(prefix, "_jobs", f"{job_slug(job_key)}.json")


def _joined(prefix: str, *segments: str) -> str:
    return "/".join(segment for segment in (prefix.strip("/"), *segments) if segment)
