"""Names that become paths: file names, job ids, object keys. Only ASCII slugs reach a disk or a store."""

import datetime as dt
import hashlib
import re
from typing import Final, Self

import attrs

from domain.errors import InvalidValue
from domain.media import POSTER_SUFFIX, OutputFormat

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,123}", re.ASCII)
_FILE_NAME_LENGTH: Final = 124
_IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_JOB_SLUG: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
_NOT_IN_SLUG: Final = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)
_SLUG_LENGTH: Final = 64
_RECORDS: Final = "_jobs"

_KEY_SEGMENT: Final = re.compile(r"(?!\.)[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,200}", re.ASCII)
"""The characters of Supabase Storage, which has the narrowest rule of the stores.

No leading dot: that shuts out "." and "..", and leaves hidden names to the local store. 200 characters leave
room for its side files, as file systems take names of 255 bytes.
"""
_KEY_LENGTH: Final = 1024
"""Bytes that S3 takes for a key, and with it the stores that are built on it."""
KEY_RULE: Final = (
    "ASCII letters, digits and _!.*'() &$=@;:+,?- in segments of at most 200 characters, joined by '/', none of them "
    "empty or with a dot in front"
)
"""What `is_object_key` accepts, in words."""


@attrs.frozen
class FileName:
    """Name of the clip's file, not a path: `[A-Za-z0-9][A-Za-z0-9._-]{0,123}`; `domain.output` wants the suffix."""

    name: str

    def __attrs_post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            message = (
                "must be a file name and no path: a letter or digit first, then letters, digits, "
                "'.', '_' or '-', at most 124 characters"
            )
            raise InvalidValue(message)

    @classmethod
    def default(cls, output_format: OutputFormat) -> Self:
        """What a file is called whose caller does not say."""
        return cls(f"video{output_format.suffix}")

    def numbered(self, number: int) -> "FileName":
        """The name of the clip with that `number` among several: `video-3.mp4`. A long stem is cut.

        Two numbers never give one name, whatever the names were.
        """
        stem, _, suffix = self.name.rpartition(".")
        end = f"-{number}.{suffix}"
        return FileName(stem[: _FILE_NAME_LENGTH - len(end)] + end)

    @property
    def poster(self) -> "FileName":
        """The name of the poster beside it. Never the clip's own: no format has that suffix."""
        return FileName(f"{self.name.rpartition('.')[0]}{POSTER_SUFFIX}")


@attrs.frozen
class ObjectPath:
    """Key of an object that a caller names. That it lies where the caller may look is not said yet."""

    key: str

    def __attrs_post_init__(self) -> None:
        if not is_object_key(self.key):
            message = f"must be the path of an object: {KEY_RULE}"
            raise InvalidValue(message)

    def is_below(self, prefix: str) -> bool:
        """Whether the key begins with `prefix` as whole segments, and goes on; any key is below ""."""
        return not prefix or self.key.startswith(f"{prefix}/")


@attrs.frozen
class IdempotencyKey:
    """What stands in for the job id when a repeated submission must not render twice."""

    key: str

    def __attrs_post_init__(self) -> None:
        if not _IDEMPOTENCY_KEY.fullmatch(self.key):
            message = "must be 1 to 128 letters, digits, '.', '_' or '-'"
            raise InvalidValue(message)


def is_object_key(key: str) -> bool:
    """Whether every store takes `key`: one rule, so that a key that one store takes fits them all."""
    return len(key) <= _KEY_LENGTH and all(_KEY_SEGMENT.fullmatch(segment) for segment in key.split("/"))


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


def record_key(prefix: str, job_key: str, item: int | None = None) -> str:
    """`{prefix}/_jobs/{job id or idempotency key}.json`. No date: a second delivery may come on another day.

    For an item of several `{prefix}/_jobs/{…}.items/{item}.json`: no folder is called like a record.
    """
    slug = job_slug(job_key)
    return _joined(prefix, _RECORDS, *((f"{slug}.json",) if item is None else (f"{slug}.items", f"{item}.json")))


def is_record_key(prefix: str, key: str) -> bool:
    """Whether `key` lies among the records; in any case of letters, as some disks do not tell them apart."""
    return key.lower().startswith(_joined(prefix, _RECORDS, "").lower() + "/")


def _joined(prefix: str, *segments: str) -> str:
    return "/".join(segment for segment in (prefix.strip("/"), *segments) if segment)
