"""How long a host asks to be left alone."""

import datetime as dt
import email.utils
from typing import Final

_DIGITS: Final = 9
"""More than any date needs."""


def seconds_until(retry_after: str | None, now: dt.datetime) -> float | None:
    """Seconds from `now`, aware, to the time that a Retry-After header names, not below 0; None: it names none."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:_DIGITS])
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: a number beyond C's, in any of its fields
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
    return max(0.0, (aware - now).total_seconds())
