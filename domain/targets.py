"""Where a caller has the clip put instead of into the worker's own store."""

import re
from typing import ClassVar, Final
from urllib.parse import urlsplit

import attrs

from domain.errors import InvalidValue
from domain.secret import Secret
from domain.secret_url import SecretUrl

_MAX_ENDPOINT: Final = 512
"""Characters: the bucket and the object's path still come behind, and all of it is one URL."""

_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(?:/(?!\.)[A-Za-z0-9._-]+)*/?", re.ASCII)
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)
_ACCESS_ID: Final = re.compile(r"[!-+.0-~-]{1,256}", re.ASCII)
_ACCESS_SECRET: Final = re.compile(r"[!-~]{1,1024}", re.ASCII)
_REGION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}", re.ASCII)


@attrs.frozen
class UploadUrl(SecretUrl):
    """A presigned URL: whoever has it may PUT one object."""

    field: ClassVar[str] = "upload_url"


@attrs.frozen
class EndpointUrl:
    """The address of an S3 service, which may hold the bucket's name in its host or its path."""

    url: Secret

    def __attrs_post_init__(self) -> None:
        text = self.url.reveal()
        message = "must be an https URL without query, such as https://s3.eu-west-1.amazonaws.com"
        if len(text) > _MAX_ENDPOINT:
            long = f"must have at most {_MAX_ENDPOINT} characters, got {len(text)}"
            raise InvalidValue(long)
        _require(_ENDPOINT, text, message)
        try:
            parts = urlsplit(text)
            is_address = bool(parts.hostname) and parts.port != 0  # both look closer, and raise for what is none
        except ValueError as error:
            raise InvalidValue(message) from error
        if not is_address:
            raise InvalidValue(message)


@attrs.frozen
class BucketName:
    """A bucket; 2 to 255 characters."""

    name: str

    def __attrs_post_init__(self) -> None:
        _require(_BUCKET, self.name, "must be a bucket's name: 2 to 255 letters, digits, '.', '_' or '-'")


@attrs.frozen
class AccessId:
    """The public half of a key."""

    text: Secret

    def __attrs_post_init__(self) -> None:
        message = "must be 1 to 256 printable ASCII characters without spaces, ',' and '/'"
        _require(_ACCESS_ID, self.text.reveal(), message)


@attrs.frozen
class AccessSecret:
    """The secret half of a key."""

    text: Secret

    def __attrs_post_init__(self) -> None:
        message = "must be 1 to 1024 printable ASCII characters without spaces"
        _require(_ACCESS_SECRET, self.text.reveal(), message)


@attrs.frozen
class Region:
    """An S3 service's name for its region."""

    name: str

    def __attrs_post_init__(self) -> None:
        _require(_REGION, self.name, "must be a region's name: 1 to 40 letters, digits or '-'")


@attrs.frozen(kw_only=True)
class S3Target:
    """A bucket of the caller's, and a key for it: RunPod's `s3Config`.

    `region` None: told from the endpoint.
    """

    field: ClassVar[str] = "s3Config"
    access_id: AccessId
    access_secret: AccessSecret
    bucket: BucketName
    endpoint: EndpointUrl
    region: Region | None = None

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no log line may repeat."""
        return (self.access_secret.text.reveal(), self.access_id.text.reveal(), self.endpoint.url.reveal())


Target = UploadUrl | S3Target


def _require(pattern: re.Pattern[str], text: str, message: str) -> None:
    if not pattern.fullmatch(text):
        raise InvalidValue(message)
