"""S3's variables, and the bucket and the region that an endpoint tells."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NewType
from urllib.parse import urlsplit

import attrs

from adapters.object_store.config import Checksum, S3Config, is_service_host, region_of
from adapters.settings.stores.addresses import READERS, SERVER, WEEK, BaseUrl, ServerUrl, WeekLifetime
from adapters.settings.stores.kind import StoreKind
from adapters.settings.values import BucketName, Prefix
from adapters.settings.variable import FLAG, NOT_SET, PRINTABLE, variable
from domain.errors import Fault
from domain.secret import Secret

Region = NewType("Region", str)

_NAMES: Final = "names of letters, digits, `.`, `_` and `-`, joined by `/`"
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_CHECKSUMS: Final = ("none", "sha256", "crc64nvme")


@attrs.frozen(kw_only=True)
class S3Variables:
    """Each variable on its own. None: not set, and no fixed default."""

    S3_BUCKET: BucketName | None = variable(
        None,
        "a name of letters, digits, `.`, `_` and `-`",
        "the bucket; it must exist",
        shown="what the endpoint names, else required for `s3`",
    )
    S3_PREFIX: Prefix = variable("ltx2", _NAMES, "first part of every object's path")
    S3_ENDPOINT_URL: ServerUrl | None = variable(
        None,
        SERVER,
        "the server, where it is not AWS; a bucket in its path or in front of its host is understood",
        shown="AWS in `S3_REGION`",
    )
    S3_REGION: Region | None = variable(
        None,
        "letters, digits and `-`, such as `eu-central-1`, or `auto` for R2",
        "the bucket's region, which signatures hold",
        shown="what the endpoint tells (AWS, B2, R2, Wasabi, RunPod), else `us-east-1`",
    )
    S3_ACCESS_KEY_ID: Secret | None = variable(
        None, PRINTABLE, "name of the key", shown="required for `s3`", secret=True
    )
    S3_SECRET_ACCESS_KEY: Secret | None = variable(None, PRINTABLE, "the key", shown="required for `s3`", secret=True)
    S3_SESSION_TOKEN: Secret | None = variable(
        None, PRINTABLE, "beside a temporary key, whose end is the end of the worker's uploads", shown=NOT_SET,
        secret=True,
    )  # fmt: skip
    S3_PATH_STYLE: bool | None = variable(
        None,
        FLAG,
        "whether the bucket stands in the path of a URL and not in its host",
        shown="`true` with `S3_ENDPOINT_URL`, unless its host begins with the bucket; `false` for AWS",
    )
    S3_CHECKSUM: Checksum = variable(
        "none",
        "`none`, `sha256` or `crc64nvme`",
        "a checksum that AWS checks and keeps; others may not know it. The content's SHA-256 is signed in any case",
    )
    S3_PUBLIC_BASE_URL: BaseUrl | None = variable(
        None,
        SERVER,
        "where anyone can read the bucket; replies then hold this with `/` and the path behind, instead of signed URLs",
        shown=NOT_SET,
    )
    S3_SIGNED_URL_TTL_SECONDS: WeekLifetime = variable(86_400, WEEK, "how long a signed URL works")
    BUCKET_ENDPOINT_URL: ServerUrl | None = variable(
        None, SERVER, "`S3_ENDPOINT_URL` by the name that RunPod's SDK uses", shown=NOT_SET
    )
    BUCKET_ACCESS_KEY_ID: Secret | None = variable(
        None, PRINTABLE, "`S3_ACCESS_KEY_ID` by the name that RunPod's SDK uses", shown=NOT_SET, secret=True
    )
    BUCKET_SECRET_ACCESS_KEY: Secret | None = variable(
        None, PRINTABLE, "`S3_SECRET_ACCESS_KEY` by the name that RunPod's SDK uses", shown=NOT_SET, secret=True
    )


@attrs.frozen
class _Place:
    """Where a bucket is, as far as an endpoint tells."""

    root: str | None
    bucket: str | None
    is_host: bool = False
    """Whether the bucket stood in front of the host."""


def _place(endpoint: str | None, bucket: str | None) -> _Place:
    """Take the bucket out of the endpoint, where people paste the address of a bucket."""
    if endpoint is None:
        return _Place(None, bucket)
    parts = urlsplit(endpoint)
    first, *rest = parts.path.strip("/").split("/")
    if first and not rest and bucket in {None, first}:
        return _Place(f"{parts.scheme}://{parts.netloc}", first)
    host = parts.netloc
    if bucket is not None and host.startswith(f"{bucket}.") and is_service_host(host[len(bucket) + 1 :]):
        return _Place(f"{parts.scheme}://{host[len(bucket) + 1 :]}{parts.path}", bucket, is_host=True)
    if bucket is None and (found := re.fullmatch(r"(.+?)\.(s3[.-].*amazonaws\.com(?:\.cn)?)", host)):
        return _Place(f"{parts.scheme}://{found[2]}", found[1], is_host=True)
    return _Place(endpoint, bucket)


def _host(endpoint: str | None) -> str:
    return "" if endpoint is None else urlsplit(endpoint).hostname or ""


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError
    return text


def _checksum(text: str) -> str:
    if text.lower() not in _CHECKSUMS:
        raise ValueError
    return text.lower()


def _rule(texts: Mapping[str, str], _: bool) -> Iterator[Fault]:  # noqa: FBT001 - a Rule's signature
    if "S3_BUCKET" in texts:
        return
    endpoint = texts.get("S3_ENDPOINT_URL") or texts.get("BUCKET_ENDPOINT_URL")
    try:
        bucket = _place(endpoint, None).bucket
    except ValueError:
        return  # no address at all, which is a fault of its own
    if not bucket:
        message = "is required for STORAGE_BACKEND=s3: the name of a bucket, unless the endpoint's path names it"
        yield Fault("S3_BUCKET", message)


def _config(variables: S3Variables) -> S3Config:
    key_id = variables.S3_ACCESS_KEY_ID or variables.BUCKET_ACCESS_KEY_ID
    key = variables.S3_SECRET_ACCESS_KEY or variables.BUCKET_SECRET_ACCESS_KEY
    place = _place(variables.S3_ENDPOINT_URL or variables.BUCKET_ENDPOINT_URL, variables.S3_BUCKET)
    if key_id is None or key is None or place.bucket is None:
        message = "unreachable: all are required"
        raise AssertionError(message)
    by_path = variables.S3_PATH_STYLE
    if by_path is None:
        by_path = "." in place.bucket if place.root is None else not place.is_host
    return S3Config(
        bucket=place.bucket,
        access_key_id=key_id,
        secret_access_key=key,
        session_token=variables.S3_SESSION_TOKEN,
        endpoint_url=place.root,
        region=variables.S3_REGION or region_of(_host(place.root)),
        path_style=by_path,
        checksum=variables.S3_CHECKSUM,
        prefix=variables.S3_PREFIX,
        public_base_url=variables.S3_PUBLIC_BASE_URL,
        signed_url_seconds=variables.S3_SIGNED_URL_TTL_SECONDS,
    )


S3: Final = StoreKind(
    backend="s3",
    variables=S3Variables,
    config=_config,
    readers={**READERS, Region: _region, Checksum: _checksum},
    required=(
        ("S3_ACCESS_KEY_ID", "BUCKET_ACCESS_KEY_ID"),
        ("S3_SECRET_ACCESS_KEY", "BUCKET_SECRET_ACCESS_KEY"),
    ),
    rule=_rule,
)
