"""What goes wrong at Supabase Storage, in the words of the worker's error tree, and what to do about it.

docs/operations/errors.md lists the same hints.
"""

import re
from collections.abc import Callable
from typing import Final

import attrs
import httpx
from storage3.exceptions import StorageApiError
from storage3.utils import StorageException

from adapters.object_store.outcome import BUCKET_HINT, KEY_HINT
from adapters.object_store.retries import Transient
from adapters.object_store.supabase_answers import Answer, answer_in, number, response_behind
from adapters.object_store.vendor_text import presentable
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, StorageUnavailable, WorkerError

VENDOR_ERRORS: Final = (StorageException, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError)
"""What storage3 lets out. The last three: an answer of 200 that is not what Storage sends."""

_CREATE: Final = f"{BUCKET_HINT}: create it, or use the secret key"

_TRANSIENT: Final = frozenset({408, 423, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 544})
_UNAUTHORIZED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_CLIENT_ERRORS: Final = range(400, 500)

_TOKEN: Final = re.compile(r"eyJ[\w.-]+|sb_(?:secret|publishable)_\S+")

_NEEDED: Final = "the worker needs the project's secret key (sb_secret_…) or its service_role key"


@attrs.frozen
class _Verdict:
    """The kind of failure, and its words, for the answers that `fits`."""

    kind: type[WorkerError]
    words: str
    fits: Callable[[Answer], bool]


def _says(text: str) -> Callable[[Answer], bool]:
    return lambda answer: text in answer.message


def _is(*names: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.code in names or answer.error in names


def _has(*statuses: int) -> Callable[[Answer], bool]:
    return lambda answer: answer.status in statuses


def _is_refusal_of(text: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status in _UNAUTHORIZED and text in answer.message


_VERDICTS: Final = (
    _Verdict(StorageAuth, f"The key has too few rights: {_NEEDED}, not a publishable or anon one",
             _says("row-level security")),
    _Verdict(StorageAuth, "The key has expired: make a new one in the project's API settings",
             _is_refusal_of('"exp" claim')),
    _Verdict(StorageAuth, "The key is another project's: take it from the project that SUPABASE_URL names",
             _is_refusal_of("signature verification failed")),
    # PostgreSQL's answer to a role that it does not have. Sent as a 500, and yet as lasting as a wrong key.
    _Verdict(StorageAuth, f"The key names a role that the project does not have: {_NEEDED}", _says("code: 22023")),
    _Verdict(StorageAuth, "No key reached the store: SUPABASE_URL must lead to the project's gateway, which a secret "
             "key needs, not to Storage itself", _says("property 'authorization'")),
    _Verdict(StorageAuth, f"{KEY_HINT}: {_NEEDED}", _is("InvalidJWT", "InvalidSignature")),
    _Verdict(StorageAuth, f"{KEY_HINT}: {_NEEDED}", _has(*_UNAUTHORIZED)),
    _Verdict(StorageBucket, _CREATE, _is("NoSuchBucket", "Bucket not found")),
    _Verdict(StorageBucket, _CREATE, _says("Bucket not found")),
    _Verdict(ObjectMissing, "There is no such object, or the key has no rights to see it",
             _is("NoSuchKey", "not_found")),
    _Verdict(StorageRejected, "The project's plan or quota does not allow it: look at its billing page", _has(402)),
    _Verdict(StorageRejected, "The object is larger than the bucket or the project allows: raise the limit in the "
             "settings of Storage, or make a smaller clip", _has(413)),
    _Verdict(StorageRejected, "The bucket does not allow this type: add video/mp4 and application/json to its types",
             _is("InvalidMimeType", "invalid_mime_type")),
    _Verdict(StorageRejected, "The bucket does not allow this type: add video/mp4 and application/json to its types",
             _has(415)),
    _Verdict(StorageRejected, "The store does not take the object's key: look at the prefix", _is("InvalidKey")),
    _Verdict(StorageRejected, "Another object has the key and was not replaced: is another worker writing it?",
             _has(409)),
    _Verdict(Transient, "The project's database is read-only, most likely as its disk is full: make room",
             _is("DatabaseReadOnly")),
    _Verdict(Transient, "The object is locked by another upload: try again later", _has(423)),
    _Verdict(Transient, "The store has too much to do: try again later, with fewer workers at once", _has(429)),
    _Verdict(Transient, "The project's database does not answer in time: look at its load", _has(544)),
)  # fmt: skip
"""The first that fits counts; `_verdict_on` has the words for what none fits."""


@attrs.frozen
class SupabaseFailures:
    """Translates exceptions and responses. `hidden`: texts that no message may carry (key, address, host)."""

    hidden: tuple[str, ...] = attrs.field(repr=False)

    def of(self, exc: Exception) -> WorkerError:
        """The error for one of VENDOR_ERRORS. Its text never comes from a transport error: that may hold the key."""
        response = response_behind(exc)
        if response is not None:
            return self.of_response(response)
        if isinstance(exc, httpx.HTTPError | httpx.InvalidURL):
            return _transport_failure(exc)
        if isinstance(exc, StorageApiError):
            return self._of_answer(Answer(status=number(exc.status) or 0, error=exc.code, message=exc.message))
        return Transient("The store's answer is not one of Supabase Storage: look at SUPABASE_URL")

    def of_response(self, response: httpx.Response) -> WorkerError:
        """The error for a response that is no success, its body read."""
        return self._of_answer(answer_in(response))

    def of_resumable(self, response: httpx.Response) -> WorkerError:
        """The same for one of the resumable door, which speaks plain text."""
        return self._of_answer(answer_in(response, is_text=True))

    def _of_answer(self, answer: Answer) -> WorkerError:
        kind, words = _verdict_on(answer)
        # What answers is a stranger to us where the kind is StorageUnavailable: its words are not told.
        message = "" if kind is StorageUnavailable else presentable(_TOKEN.sub("…", answer.message), self.hidden)
        told = f"{words} (status {answer.status}: {message})" if message else f"{words} (status {answer.status})"
        return Transient(told, retry_after=answer.retry_after) if kind is Transient else kind(told)


def _verdict_on(answer: Answer) -> tuple[type[WorkerError], str]:
    for verdict in _VERDICTS:
        if verdict.fits(answer):
            return verdict.kind, verdict.words
    if answer.status in _TRANSIENT:
        return Transient, "The store is not available: try again later"
    if answer.status in _CLIENT_ERRORS and answer.status != _NOT_FOUND:
        return StorageRejected, "The store refused the object"
    return StorageUnavailable, (
        "What answers is no Supabase Storage, or one at rest: look at SUPABASE_URL, and whether the project is paused"
    )


def _transport_failure(exc: httpx.HTTPError | httpx.InvalidURL) -> WorkerError:
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return Transient("The store cannot be reached: look at SUPABASE_URL, and whether the project exists")
    if isinstance(exc, httpx.TimeoutException):
        return Transient("The store did not answer in time: try again later")
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return StorageUnavailable("No request to the store can be made of its address and its key: look at both")
    return Transient("The connection to the store broke: try again later")
