"""What goes wrong at Supabase Storage, in the words of the worker's error tree.

Storage answers nearly every error with HTTP 400 and puts the status that it means into the body's `statusCode`;
storage3 passes that on and drops the body's machine-readable `code`. So both are read from the response itself.
Observed with supabase/storage 1.11 and storage3 2.34.
"""

import datetime as dt
import email.utils
import re
from typing import Final

import attrs
import httpx
from storage3.exceptions import StorageApiError
from storage3.utils import StorageException

from adapters.object_store.retries import Transient
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, StorageUnavailable, WorkerError

VENDOR_ERRORS: Final = (StorageException, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError)
"""What storage3 lets out. The last three: an answer of 200 that is not what Storage sends."""

BUCKET_HINT: Final = "The bucket is missing, or the key has no rights to see it"
KEY_HINT: Final = "The store refused the key: it is wrong, expired, or has too few rights"

_TRANSIENT: Final = frozenset({408, 423, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 544})
_MESSAGE_LIMIT: Final = 200
_UNAUTHORIZED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400
_UNKNOWN_ROLE: Final = "code: 22023"
"""PostgreSQL's answer to a role that it does not have. Sent as a 500, and yet as lasting as a wrong key."""

_ADDRESS: Final = re.compile(r"(?<!\w)\w+://\S+")  # looks at each run of letters once
_TOKEN: Final = re.compile(r"eyJ[\w.-]+|sb_(?:secret|publishable)_\S+")
_MARKUP: Final = re.compile(r"<[!/a-zA-Z]")


@attrs.frozen
class SupabaseFailures:
    """Translates exceptions and responses. `hidden`: texts that no message may carry (key, address, host)."""

    hidden: tuple[str, ...] = attrs.field(repr=False)

    def of(self, exc: Exception) -> WorkerError:
        """The error for one of VENDOR_ERRORS. Its text never comes from a transport error: that may hold the key."""
        response = _response_behind(exc)
        if response is not None:
            return self.of_response(response)
        if isinstance(exc, httpx.HTTPError | httpx.InvalidURL):
            return _transport_failure(exc)
        if isinstance(exc, StorageApiError):
            return self._of_answer(_Answer(status=_number(exc.status) or 0, error=exc.code, message=exc.message))
        return Transient("The store's answer is not one of Supabase Storage")

    def of_response(self, response: httpx.Response) -> WorkerError:
        """The error for a response that is no success, its body read."""
        return self._of_answer(_answer_in(response))

    def _of_answer(self, answer: "_Answer") -> WorkerError:
        message = self._presentable(answer.message)
        told = f" ({message})" if message else ""
        if _concerns_the_key(answer):
            return StorageAuth(f"{KEY_HINT}{told}")
        if answer.code == "NoSuchBucket" or answer.error == "Bucket not found":
            return StorageBucket(f"{BUCKET_HINT}{told}")
        if answer.code == "NoSuchKey" or answer.error == "not_found":
            return ObjectMissing(f"There is no such object, or the key has no rights to see it{told}")
        if answer.status in _TRANSIENT:
            return Transient(
                f"The store is not available: status {answer.status}{told}", retry_after=answer.retry_after
            )
        if _CLIENT_ERROR <= answer.status < _SERVER_ERROR and answer.status != _NOT_FOUND:
            return StorageRejected(f"The store refused the object: status {answer.status}{told}")
        return StorageUnavailable(f"What answers is no Supabase Storage, or one at rest: status {answer.status}")

    def _presentable(self, message: str) -> str:
        """`message` on one line of at most 200 characters; "" for a page of HTML."""
        if _MARKUP.search(message):
            return ""
        message = _TOKEN.sub("…", _ADDRESS.sub("…", message))  # whole addresses before the names in them
        for text in self.hidden:
            message = message.replace(text, "…")
        line = " ".join(message.split())
        return line if len(line) <= _MESSAGE_LIMIT else line[: _MESSAGE_LIMIT - 1] + "…"


@attrs.frozen(kw_only=True)
class _Answer:
    """An error as Storage means it. `error` and `code` are two generations of its machine-readable name."""

    status: int
    error: str = ""
    code: str = ""
    message: str = ""
    retry_after: float | None = None


def _answer_in(response: httpx.Response) -> _Answer:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    return _Answer(
        status=_number(body.get("statusCode")) or response.status_code,
        error=_text(body.get("error")),
        code=_text(body.get("code")),
        message=_text(body.get("message")),
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _response_behind(exc: BaseException | None) -> httpx.Response | None:
    """The response that an exception of storage3 was made from. Where the body was no JSON, it is two causes down."""
    while exc is not None:
        if isinstance(exc, httpx.HTTPStatusError):
            return exc.response
        exc = exc.__cause__ or exc.__context__
    return None


def _concerns_the_key(answer: _Answer) -> bool:
    return (
        answer.status in _UNAUTHORIZED
        or _UNKNOWN_ROLE in answer.message
        or answer.error == "InvalidJWT"
        or "property 'authorization'" in answer.message
    )


def _transport_failure(exc: httpx.HTTPError | httpx.InvalidURL) -> WorkerError:
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return Transient("The store cannot be reached")
    if isinstance(exc, httpx.TimeoutException):
        return Transient("The store did not answer in time")
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return StorageUnavailable("No request to the store can be made of its address and its key")
    return Transient("The connection to the store broke")


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(retry_after: str | None) -> float | None:
    """Seconds until the time that a Retry-After header names, not below 0; None for what is no such header."""
    if retry_after is None:
        return None
    seconds = _number(retry_after.strip())
    if seconds is not None:
        return float(seconds)
    try:
        date = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    return max(0.0, (date - dt.datetime.now(dt.UTC)).total_seconds())
