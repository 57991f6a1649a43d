"""What callers are told of Supabase's failures, and what they are not."""

import traceback

import httpx
import pytest
from storage3.exceptions import StorageApiError

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy, Transient
from adapters.object_store.supabase import SupabaseStore
from adapters.object_store.supabase_failures import SupabaseFailures
from domain.errors import (
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from domain.secret import Secret

KEY = "key-that-must-not-be-seen"
HOST = "project-ref.supabase.test"
FAILURES = SupabaseFailures((KEY, f"https://{HOST}", HOST))


def answered(status: int, body: object = None, *, text: str | None = None, **headers: str) -> httpx.Response:
    if text is not None:
        return httpx.Response(status, text=text, headers=headers)
    return httpx.Response(status, json=body, headers=headers)


def body(status_code: str, error: str, message: str, code: str = "") -> dict[str, str]:
    return {"statusCode": status_code, "error": error, "message": message, "code": code}


ANSWERS: list[tuple[type[WorkerError], int, object]] = [
    (StorageUnavailable, 404, {"statusCode": 404, "error": "Not Found", "message": "Route GET:/x/y not found"}),
    (StorageUnavailable, 501, {}),
    (StorageUnavailable, 302, {}),
    (StorageRejected, 418, {}),
    *((Transient, 400, body(str(status), "any", "any")) for status in (408, 423, 429, 500, 502, 503, 504, 520, 544)),
    (Transient, 503, ["no", "object"]),
    (Transient, 429, None),
]


@pytest.mark.parametrize(("error", "status", "content"), ANSWERS)
def test_the_body_decides_on_the_kind(error: type[WorkerError], status: int, content: object) -> None:
    assert type(FAILURES.of_response(answered(status, content))) is error


def test_an_exception_of_storage3_is_read_through_its_response() -> None:
    """storage3 drops `code`; and what it cannot parse, it wraps once more."""
    response = answered(400, body("404", "", "gone", "NoSuchBucket"))
    request = httpx.Request("GET", "https://example.invalid")
    vendor = StorageApiError("gone", "", "404")
    vendor.__cause__ = httpx.HTTPStatusError("400", request=request, response=response)
    assert type(FAILURES.of(vendor)) is StorageBucket
    middle = KeyError("error")
    middle.__context__ = vendor.__cause__
    vendor.__cause__ = middle
    assert type(FAILURES.of(vendor)) is StorageBucket


def test_an_exception_without_a_response_is_read_itself() -> None:
    assert type(FAILURES.of(StorageApiError("busy", "SlowDown", "429"))) is Transient
    assert type(FAILURES.of(StorageApiError("no", "Unauthorized", 403))) is StorageAuth


def test_the_vendors_message_is_told() -> None:
    told = FAILURES.of_response(answered(400, body("413", "Payload too large", "The object exceeded the maximum")))
    assert told.message.endswith("make a smaller clip (status 413: The object exceeded the maximum)")


@pytest.mark.parametrize(
    "message",
    [
        f"bad key {KEY}",
        f"GET https://{HOST}/storage/v1/object?token=abc failed",
        f"no route to {HOST}:443",
        "token eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln is bad",  # pragma: allowlist secret
        "sb_secret_abcdef is unknown",
        f"<!DOCTYPE html><title>{HOST}</title>",
        "line one\nline two\r\n\tline three",
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("status", ["403", "404", "413", "503"])
def test_nothing_confidential_or_bulky_is_told(status: str, message: str) -> None:
    told = FAILURES.of_response(answered(400, body(status, "any", message))).message
    for text in (KEY, HOST, "token=", "eyJ", "abcdef", "<", "\n", "\r", "\t"):
        assert text not in told
    assert len(told) < 400


def test_a_page_of_html_is_not_told() -> None:
    told = FAILURES.of_response(answered(502, text="<html><h1>Bad Gateway</h1> gateway-7.internal</html>"))
    assert told.message == "The store is not available: try again later (status 502)"


@pytest.mark.parametrize(
    ("exc", "error"),
    [
        (httpx.ConnectError(HOST), Transient),
        (httpx.ConnectTimeout(HOST), Transient),
        (httpx.ReadTimeout(HOST), Transient),
        (httpx.WriteError(HOST), Transient),
        (httpx.RemoteProtocolError(HOST), Transient),
        (httpx.LocalProtocolError(f"Illegal header value b'{KEY}\\n'"), StorageUnavailable),
        (httpx.UnsupportedProtocol(HOST), StorageUnavailable),
        (httpx.InvalidURL(HOST), StorageUnavailable),
        (ValueError(HOST), Transient),
        (KeyError(HOST), Transient),
    ],
)
def test_the_text_of_an_exception_is_never_told(exc: Exception, error: type[WorkerError]) -> None:
    told = FAILURES.of(exc)
    assert type(told) is error
    assert KEY not in told.message
    assert HOST not in told.message


@pytest.mark.parametrize("key", ["", f"{KEY}\n", f" {KEY}", f"{KEY}ü", f"{KEY}\0"])
def test_a_key_that_no_header_can_carry_appears_in_no_traceback(key: str) -> None:
    """httpx would quote it in an exception, and a cause gets into the log."""
    config = SupabaseConfig(url="http://127.0.0.1:9", key=Secret(key))
    store = SupabaseStore(config, policy=RetryPolicy(attempts=1))
    with pytest.raises(StorageAuth) as caught:
        store.check()
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7.0, 7.0),
        (" 0 ", 0.0, 0.0),
        ("Tue, 13 Jan 2026 10:00:00 GMT", 0.0, 0.0),
        ("Fri, 31 Dec 2100 23:59:59 -0000", 1e9, 1e10),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header: str, least: float, most: float) -> None:
    told = FAILURES.of_response(answered(429, {}, **{"retry-after": header}))
    assert isinstance(told, Transient)
    assert told.retry_after is not None
    assert least <= told.retry_after <= most


@pytest.mark.parametrize("header", ["soon", "-3", "1.5", "²", ""])
def test_an_unreadable_retry_after_is_none(header: str) -> None:
    response = answered(429, {}, **({} if header == "²" else {"retry-after": header}))
    if header == "²":
        response.headers = httpx.Headers([(b"retry-after", "²".encode("latin-1"))])
    told = FAILURES.of_response(response)
    assert isinstance(told, Transient)
    assert told.retry_after is None
