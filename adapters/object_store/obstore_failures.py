"""What goes wrong at S3, Google Cloud Storage and Azure, in the words of the worker's error tree.

obstore 0.12.1 tells what a server answered in its exceptions' texts alone:

    Error performing PUT <address> in 1ms - Server returned non-2xx status code: 404 Not Found: <body>

    Debug source: …

or, for one object of those that Azure is asked to delete in one request (obstore knows no other way there):

    Bulk delete request failed for key <key>: The specified blob does not exist. (code: 404)

S3, GCS's XML interface and Azure answer with an <Error> of a Code and a Message. An answer to HEAD has no body.
"""

import html
import re
from collections.abc import Mapping
from typing import Final

import attrs
from obstore.exceptions import BaseError

from adapters.object_store.outcome import BUCKET_HINT, KEY_HINT
from adapters.object_store.retries import Transient
from adapters.object_store.vendor_text import presentable
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, StorageUnavailable, WorkerError

VENDOR_ERRORS: Final = (BaseError, FileNotFoundError)
"""What obstore lets out, but for what an iterator of ours raises: that comes out as it is."""


_NO_STORE: Final = "What answers is no store of the configured kind, or no request can be made to it"
_NAMELESS: Final = re.compile("Error performing HEAD |Bulk delete request failed")
"""Where a missing object has no code. In all other answers each of these stores says what it is that is missing."""

_STATUS: Final = re.compile(r"(?:non-2xx status code: |\(code: )(\d{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,80})</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]{1,2000})</Message>")
_TRANSPORT: Final = {
    '"dns error"': "The store cannot be reached: its host name does not resolve",
    "InvalidCertificate": "The store cannot be reached: its certificate is not valid",
    "kind: Connect,": "The store cannot be reached",
    "kind: Timeout,": "The store did not answer in time",
    "HttpError {": "The connection to the store broke",
}
"""What the debug text of a failed request holds, the most telling first."""

_TWO_ACCOUNTS: Final = "One of service account path or service account key may be provided"
_OTHERS: Final = ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY")
"""What obstore reads for itself, and cannot be told to leave alone."""
_UNUSABLE_KEY: Final = re.compile("credential|access key|service account|pem file", re.IGNORECASE)
_DEBUG: Final = "\n\nDebug source:"

_Verdict = tuple[type[WorkerError], str]
_AUTH: Final[_Verdict] = (StorageAuth, KEY_HINT)
_BUCKET: Final[_Verdict] = (StorageBucket, BUCKET_HINT)
_REGION: Final[_Verdict] = (
    StorageBucket,
    "The bucket is in another region, or behind another endpoint, than the settings say",
)
_MISSING: Final[_Verdict] = (ObjectMissing, "There is no such object, or the key has no rights to see it")
_PASSING: Final[_Verdict] = (StorageUnavailable, "The store is not available")

_LOST: Final[_Verdict] = (Transient, "The store knows nothing of the upload any more")
"""Parts were thrown away, or the upload was completed and the answer to that was lost: the file is sent anew."""

_CODES: Final[Mapping[_Verdict, str]] = {
    _AUTH: """AccessDenied InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken TokenRefreshRequired
        InvalidSecurity RequestTimeTooSkewed AuthorizationHeaderMalformed AuthenticationFailed AuthenticationRequired
        InvalidAuthenticationInfo AuthorizationFailure""",
    _BUCKET: "NoSuchBucket InvalidBucketName ContainerNotFound ContainerBeingDeleted ContainerDisabled",
    _REGION: "PermanentRedirect TemporaryRedirect IllegalLocationConstraintException",
    _MISSING: "NoSuchKey BlobNotFound",
    _LOST: "NoSuchUpload InvalidBlockList",
    _PASSING: "OperationAborted ConditionalRequestConflict RequestTimeout SlowDown InternalError",
}
_BY_CODE: Final = {code: verdict for verdict, codes in _CODES.items() for code in codes.split()}
"""Codes that say more than their status, or that S3's imitations send with another one."""

_CREDENTIAL: Final = re.compile(r"\b(?:credential|access key)\b", re.IGNORECASE)
"""R2 calls a key of the wrong length an invalid argument, status 400."""

_UNAUTHORIZED: Final = frozenset({401, 403})
_BUSY: Final = frozenset({408, 429})
_NOT_FOUND: Final = 404
_NOT_IMPLEMENTED: Final = 501
_REDIRECTS: Final = range(300, 400)
_SERVER_ERROR: Final = 500


@attrs.frozen
class ObstoreFailures:
    """Translates obstore's exceptions. `hidden`: texts that no message may carry (keys, addresses, hosts)."""

    hidden: tuple[str, ...] = attrs.field(repr=False)

    def of(self, exc: Exception, *, missing: type[WorkerError] = ObjectMissing) -> WorkerError:
        """The error for one of VENDOR_ERRORS. `missing` is what a 404 means that does not say what is missing."""
        text, _, debug = str(exc).partition(_DEBUG)
        status, code = _found(_STATUS, text), _found(_CODE, text)
        if not status and not code:
            return _transport_failure(text, debug)
        if status == str(_NOT_FOUND) and not code and not _NAMELESS.search(text):
            return StorageUnavailable(_NO_STORE)
        message = presentable(html.unescape(_found(_MESSAGE, text)).partition("\n")[0], self.hidden)
        kind, hint = _BY_CODE.get(code) or _by_status(int(status or 0), missing)
        if code == "InvalidArgument" and _CREDENTIAL.search(message):
            kind, hint = _AUTH
        told = ", ".join(part for part in (f"status {status}" if status else "", code) if part)
        return kind(f"{hint} ({told}: {message})" if message else f"{hint} ({told})")


def _by_status(status: int, missing: type[WorkerError]) -> _Verdict:
    if status in _UNAUTHORIZED:
        return _AUTH
    if status == _NOT_FOUND:
        return _BUCKET if missing is StorageBucket else _MISSING
    if status in _REDIRECTS:
        return _REGION
    if status in _BUSY or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED):
        return _PASSING
    return StorageRejected, "The store refused the object"


def _transport_failure(text: str, debug: str) -> WorkerError:
    """The error where no answer came, or none that a store gives. The texts hold addresses, and stay here."""
    for sign, message in _TRANSPORT.items():
        if sign in debug:
            return StorageUnavailable(message)
    if _TWO_ACCOUNTS in text:
        return StorageAuth(f"Another service account is set for others, in {' or '.join(_OTHERS)}: unset it")
    if _UNUSABLE_KEY.search(text):
        return StorageAuth("The store's key cannot be used: it has not the form of one")
    return StorageUnavailable(_NO_STORE)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return "" if found is None else found[1]
