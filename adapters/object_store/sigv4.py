"""AWS' Signature Version 4 for S3: for one request's headers, or in a URL.

Our own, because every client that signs also dials by itself, while requests to a caller's host have to go through the
guarded sender. Source: "Authenticating Requests (AWS Signature Version 4)" in Amazon's S3 API reference.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import attrs

from domain.secret import Secret

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
"""In the place of a body's SHA-256 where it is not known."""

LONGEST_SECONDS: Final = 604_800
"""For which a signed URL may work: a week."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNRESERVED: Final = "-_.~"


@attrs.frozen(kw_only=True)
class Signer:
    """A key in one region. Moments are aware, in UTC."""

    access_id: Secret
    access_secret: Secret
    region: str

    def headers(
        self, method: str, url: str, headers: Mapping[str, str], payload_sha256: str, now: dt.datetime
    ) -> dict[str, str]:
        """`headers`, and those that sign them with the request to `url`, which has no query.

        `payload_sha256` is that of the body, in hex, or UNSIGNED. The request must carry them all, the Host of `url`
        as written there, and may carry others.
        """
        stamp = _stamp(now)
        sent = {**headers, "X-Amz-Content-SHA256": payload_sha256, "X-Amz-Date": stamp}
        lines = {name.lower(): " ".join(value.split()) for name, value in sent.items()} | {"host": urlsplit(url).netloc}
        names = ";".join(sorted(lines))
        signature = self._signature(_canonical(method, urlsplit(url).path, "", lines, payload_sha256), stamp)
        credential = f"{self.access_id.reveal()}/{self._scope(stamp)}"
        authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "Authorization": authorization}

    def url(self, method: str, url: str, seconds: int, now: dt.datetime) -> str:
        """`url`, which has no query, with one that lets anyone send `method` to it for `seconds`."""
        stamp = _stamp(now)
        fields = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_id.reveal()}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        query = "&".join(f"{name}={quote(value, safe=_UNRESERVED)}" for name, value in sorted(fields.items()))
        parts = urlsplit(url)
        signature = self._signature(_canonical(method, parts.path, query, {"host": parts.netloc}, UNSIGNED), stamp)
        return f"{url}?{query}&X-Amz-Signature={signature}"

    def _signature(self, request: str, stamp: str) -> str:
        text = "\n".join((_ALGORITHM, stamp, self._scope(stamp), hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self.access_secret.reveal()}".encode()
        for part in (*self._scope(stamp).split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        return key.hex()

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/s3/aws4_request"


def _canonical(method: str, path: str, query: str, lines: Mapping[str, str], payload_sha256: str) -> str:
    """The request as it is signed; the names of `lines` are in lower case."""
    names = sorted(lines)
    listed = "".join(f"{name}:{lines[name]}\n" for name in names)
    return "\n".join((method, path, query, listed, ";".join(names), payload_sha256))


def _stamp(now: dt.datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%SZ")
