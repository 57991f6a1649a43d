"""What the object stores are configured with."""

import re
from pathlib import Path
from typing import Final, Literal

import attrs

from domain.secret import Secret

Backend = Literal["supabase", "s3", "gcs", "azure", "local"]
Checksum = Literal["none", "sha256", "crc64nvme"]

_DEFAULT_REGION: Final = "us-east-1"
"""What services take that have no regions."""

_SERVICE: Final = re.compile(
    r"s3[.-].+|.+\.(?:digitaloceanspaces\.com|r2\.cloudflarestorage\.com|backblazeb2\.com|wasabisys\.com)"
    r"|storage\.googleapis\.com",
    re.ASCII,
)

_REGION: Final = re.compile(r"(?:^|[.-])((?:us-gov|us-iso|us-isob|[a-z]{2})-[a-z]{2,12}-[0-9]{1,3})(?:\.|$)", re.ASCII)
"""A region as AWS and those name it who follow AWS."""
_REGION_FIRST: Final = re.compile(
    r"(?:.+\.)?([a-z]{3}[0-9])\.digitaloceanspaces\.com|s3api-([a-z0-9-]+)\.runpod\.io", re.ASCII
)


@attrs.frozen(kw_only=True)
class SupabaseConfig:
    """`url` is the project's root, without a trailing slash and without `/rest/v1` or the like."""

    url: str
    key: Secret
    bucket: str = "ltx2-outputs"
    prefix: str = "ltx2"
    public: bool = False
    signed_url_seconds: int = 86_400


@attrs.frozen(kw_only=True)
class S3Config:
    """A bucket of AWS, or of a store that speaks S3.

    `endpoint_url` is the server's root without a trailing slash, without the bucket; None: AWS in `region`.
    `path_style`: the bucket is the first part of the path, and not of the host's name. `checksum`: sent beside the
    content, whose SHA-256 is signed in any case. `public_base_url`: an object's URL is this with "/" and the key
    behind; None: URLs are signed, for at most a week.
    """

    bucket: str
    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None
    endpoint_url: str | None = None
    region: str = "us-east-1"
    path_style: bool = True
    checksum: Checksum = "none"
    prefix: str = "ltx2"
    public_base_url: str | None = None
    signed_url_seconds: int = 86_400


@attrs.frozen(kw_only=True)
class GcsConfig:
    """A bucket of Google Cloud Storage, with the JSON key of a service account, as text or as a file.

    `endpoint_url` None: Google's own. `public_base_url`, `signed_url_seconds`: as in S3Config.
    """

    bucket: str
    service_account_key: Secret | None = None
    service_account_file: Path | None = None
    endpoint_url: str | None = None
    prefix: str = "ltx2"
    public_base_url: str | None = None
    signed_url_seconds: int = 86_400


@attrs.frozen(kw_only=True)
class AzureConfig:
    """A container of an Azure storage account, with one of the account's keys (base64).

    `endpoint_url` None: `https://{account}.blob.core.windows.net`. `public_base_url`: as in S3Config.
    """

    account: str
    key: Secret
    container: str
    endpoint_url: str | None = None
    prefix: str = "ltx2"
    public_base_url: str | None = None
    signed_url_seconds: int = 86_400


@attrs.frozen(kw_only=True)
class LocalConfig:
    """Objects are files below `root`."""

    root: Path = Path("outputs")
    prefix: str = "ltx2"


StoreConfig = SupabaseConfig | S3Config | GcsConfig | AzureConfig | LocalConfig


def is_service_host(host: str) -> bool:
    """Whether `host` is known to be an S3 service's, so that a name in front of it is a bucket's.

    Elsewhere it may be the service's own: a MinIO at `videos.example.com` may well have a bucket `videos`.
    """
    return _SERVICE.fullmatch(host) is not None


def region_of(host: str) -> str:
    """The region that the host of an S3 service tells; `us-east-1` where it tells none."""
    if host.endswith(".r2.cloudflarestorage.com"):
        return "auto"
    found = _REGION_FIRST.fullmatch(host) or _REGION.search(host)
    if found is None:
        return _DEFAULT_REGION
    return found[1] or found[2].upper()  # RunPod names its regions in capitals
