"""What a caller's own system is told of a job that ended, and where."""

import hashlib
import re
from typing import ClassVar, Final, Literal

import attrs

from domain.errors import InvalidValue
from domain.naming import job_slug
from domain.secret import Secret

MAX_URL: Final = 2048
"""Characters of a URL; what browsers and proxies take at least."""
_URL: Final = re.compile(r"[!-~]+", re.ASCII)

Event = Literal["video.completed", "video.failed"]


@attrs.frozen
class WebhookUrl:
    """Where a request wants its events. 1 to 2048 characters; the path and the query often hold a token."""

    field: ClassVar[str] = "webhook_url"
    url: Secret

    def __attrs_post_init__(self) -> None:
        text = self.url.reveal()
        if not 1 <= len(text) <= MAX_URL:
            message = f"must have 1 to {MAX_URL} characters, got {len(text)}"
            raise InvalidValue(message)
        if not _URL.fullmatch(text):
            message = "must be a URL of printable ASCII characters"
            raise InvalidValue(message)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no log line may repeat."""
        text = self.url.reveal()
        return (text, text.partition("?")[2])


def event_id(job_id: str, event: Event) -> str:
    """The same for each try and each delivery of a job, so that a receiver can tell a repetition.

    ASCII without ".", which separates the parts of what is signed.
    """
    slug = job_slug(job_id)
    if "." in slug:  # "a.b" and "a-b" are two jobs
        slug = f"{slug.replace('.', '-')}-{hashlib.sha256(slug.encode('ascii')).hexdigest()[:8]}"
    return f"{slug}_{event.replace('.', '-')}"
