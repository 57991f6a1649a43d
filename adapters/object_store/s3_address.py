"""Where the objects of an S3 bucket lie, by what a caller knows of it: an endpoint and the bucket's name."""

from typing import Final, Self
from urllib.parse import quote, urlsplit

import attrs

from adapters.object_store.config import is_service_host, region_of

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
        in_host = host.startswith(f"{bucket.lower()}.") and is_service_host(host[len(bucket) + 1 :])
        if not in_host and path.rpartition("/")[2] != bucket:
            path = f"{path}/{bucket}"
        named = f"[{host}]" if ":" in host else host
        port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
        return cls(base=f"{parts.scheme}://{named}{port}{path}", region=region or region_of(host))

    def url(self, key: str) -> str:
        """The URL of an object, its key encoded as signatures want it."""
        return f"{self.base}/{quote(key, safe='/-_.~')}"
