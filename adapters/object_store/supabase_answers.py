"""An error answer of Supabase Storage, as Storage means it.

Storage answers nearly every error with HTTP 400 and puts the status that it means into the body's `statusCode`;
storage3 passes that on and drops the body's machine-readable `code`. So both are read from the response itself.
Only its resumable door sends plain text and the true status. Observed with supabase/storage 1.11 and storage3 2.34.
"""

import datetime as dt

import attrs
import httpx

from adapters.http.retry_after import seconds_until


@attrs.frozen(kw_only=True)
class Answer:
    """`error` and `code` are two generations of its machine-readable name; `retry_after` is in seconds."""

    status: int
    error: str = ""
    code: str = ""
    message: str = ""
    retry_after: float | None = None


def answer_in(response: httpx.Response, *, is_text: bool = False) -> Answer:
    """What a response says that is no success, its body read. `is_text`: a body that is no JSON is the message."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {"message": response.text} if is_text else {}
    return Answer(
        status=number(body.get("statusCode")) or response.status_code,
        error=_text(body.get("error")),
        code=_text(body.get("code")),
        message=_text(body.get("message")),
        retry_after=seconds_until(response.headers.get("retry-after"), dt.datetime.now(dt.UTC)),
    )


def response_behind(exc: BaseException | None) -> httpx.Response | None:
    """The response that an exception of storage3 was made from. Where the body was no JSON, it is two causes down."""
    while exc is not None:
        if isinstance(exc, httpx.HTTPStatusError):
            return exc.response
        exc = exc.__cause__ or exc.__context__
    return None


def number(value: object) -> int | None:
    """`value` as a number of at least 0, if it is one; statuses come as numbers and as texts."""
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
