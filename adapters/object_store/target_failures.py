"""What a target's answer to a PUT means, in the words of the worker's error tree.

Of its text only a code that is known counts: whoever answers may write anything there, also what he was sent.
"""

import datetime as dt
import re
from typing import Final

from adapters.http.retry_after import seconds_until
from adapters.http.sending import Answer
from adapters.object_store.retries import Transient
from domain.errors import StorageAuth, StorageBucket, StorageRejected, WorkerError
from domain.targets import S3Target, Target

_SUCCESS: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_UNAUTHORIZED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_TRANSIENT: Final = frozenset({408, 425, 429})
_SERVER_ERRORS: Final = range(500, 600)

_CODE: Final = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_KNOWN: Final = frozenset(
    {
        "AccessDenied", "AuthenticationFailed", "AuthorizationHeaderMalformed", "BadDigest", "EntityTooLarge",
        "ExpiredToken", "InvalidAccessKeyId", "InvalidArgument", "InvalidBucketName", "InvalidDigest",
        "InvalidRegion", "InvalidRequest", "InvalidToken", "MissingContentLength", "NoSuchBucket", "NotImplemented",
        "PermanentRedirect", "QuotaExceeded", "RequestTimeTooSkewed", "RequestTimeout", "ServiceUnavailable",
        "SignatureDoesNotMatch", "SlowDown", "TemporaryRedirect", "XAmzContentSHA256Mismatch",
    }
)  # fmt: skip
"""Codes of S3 and its kin that tell a caller something."""
_OF_REGION: Final = frozenset({"AuthorizationHeaderMalformed", "InvalidRegion", "PermanentRedirect"})


def failure(answer: Answer, target: Target) -> WorkerError | None:
    """The error that `answer` means; None for a success."""
    if answer.status in _SUCCESS:
        return None
    code = _code(answer.body)
    told = f"status {answer.status}" + (f" ({code})" if code else "")
    if answer.status in _UNAUTHORIZED:
        return StorageAuth(f"{_refused(target)}: {told}")
    if answer.status == _NOT_FOUND:
        return StorageBucket(f"{target.field} leads to no bucket: {told}")
    if answer.status in _TRANSIENT or answer.status in _SERVER_ERRORS:
        retry_after = seconds_until(answer.headers.get("retry-after"), dt.datetime.now(dt.UTC))
        return Transient(f"The host of {target.field} is not available: {told}", retry_after=retry_after)
    if answer.status in _REDIRECTS or code in _OF_REGION:
        return StorageRejected(f"{_elsewhere(target)}: {told}")
    return StorageRejected(f"The host of {target.field} refused the clip: {told}")


def _refused(target: Target) -> str:
    if isinstance(target, S3Target):
        return "s3Config is refused: its key is wrong, or has no right to write into the bucket"
    return "upload_url is refused: it has expired, was used already, or was signed for another method or other headers"


def _elsewhere(target: Target) -> str:
    if isinstance(target, S3Target):
        return "s3Config has the endpoint or the region of another place than the bucket's"
    return "upload_url must take the clip itself: it redirects, or is of another region than the bucket"


def _code(body: bytes) -> str:
    found = _CODE.search(body)
    code = "" if found is None else found[1].decode("ascii")
    return code if code in _KNOWN else ""
