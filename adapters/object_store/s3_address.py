"""Where the objects of an S3 bucket lie, by what a caller knows of it: an endpoint and the bucket's name."""

import re
from typing import Final, Self
from urllib.parse import quote, urlsplit

import attrs

_DEFAULT_REGION: Final = "us-east-1"
"""What services take that have no regions."""

_SERVICE: Final = re.compile(
    r"s3[.-].+|.+\.(?:digitaloceanspaces\.com|r2\.cloudflarestorage\.com|backblazeb2\.com|wasabisys\.com)"
    r"|storage\.googleapis\.com",
    re.ASCII,
)
"""Hosts that are known to be a service's, so that a name in front of one is a bucket's. Elsewhere it may be the
service's own: a MinIO at `videos.example.com` may well have a bucket `videos`."""

_REGION: Final = re.compile(r"(?:^|[.-])((?:us-gov|us-iso|us-isob|[a-z]{2})-[a-z]{2,12}-[0-9]{1,3})(?:\.|$)", re.ASCII)
"""A region as AWS and those name it who follow AWS."""
_REGION_FIRST: Final = re.compile(
    r"(?:.+\.)?([a-z]{3}[0-9])\.digitaloceanspaces\.com|s3api-([a-z0-9-]+)\.runpod\.io", re.ASCII
)
_PORTS: Final = {"https": 443, "http": 80}


@attrs.frozen(kw_only=True)
class BucketAddress:
    """`base` is the URL of the bucket, without a slash at its end; its host is written as a client sends it."""

    base: str = attrs.field(repr=False)
    region: str

    @classmethod
    def of(cls, endpoint: str, bucket: str, region: str | None = None) -> Self:
        """The address of `bucket`; `endpoint` is an http(s) URL without query. `region` None: told from the host.

        The bucket is put behind the endpoint (path style), unless it stands there already: as the path's last segment,
        or in front of the host of a service that is known.
        """
        parts = urlsplit(endpoint)
        host = (parts.hostname or "").removesuffix(".")
        path = parts.path.rstrip("/")
        in_host = host.startswith(f"{bucket.lower()}.") and _SERVICE.fullmatch(host[len(bucket) + 1 :]) is not None
        if not in_host and path.rpartition("/")[2] != bucket:
            path = f"{path}/{bucket}"
        named = f"[{host}]" if ":" in host else host
        port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
        return cls(base=f"{parts.scheme}://{named}{port}{path}", region=region or _region(host))

    def url(self, key: str) -> str:
        """The URL of an object, its key encoded as signatures want it."""
        return f"{self.base}/{quote(key, safe='/-_.~')}"


def _region(host: str) -> str:
    if host.endswith(".r2.cloudflarestorage.com"):
        return "auto"
    found = _REGION_FIRST.fullmatch(host) or _REGION.search(host)
    if found is None:
        return _DEFAULT_REGION
    return found[1] or found[2].upper()  # RunPod names its regions in capitals
