"""What a caller's own system is told of a job that ended, and where."""

import hashlib
from typing import ClassVar, Literal

import attrs

from domain.naming import job_slug
from domain.secret_url import SecretUrl

Event = Literal["video.completed", "video.failed"]


@attrs.frozen
class WebhookUrl(SecretUrl):
    """Where a request wants its events."""

    field: ClassVar[str] = "webhook_url"


def event_id(job_id: str, event: Event) -> str:
    """The same for each try and each delivery of a job, so that a receiver can tell a repetition.

    ASCII without ".", which separates the parts of what is signed.
    """
    slug = job_slug(job_id)
    if "." in slug:  # "a.b" and "a-b" are two jobs
        slug = f"{slug.replace('.', '-')}-{hashlib.sha256(slug.encode('ascii')).hexdigest()[:8]}"
    return f"{slug}_{event.replace('.', '-')}"
