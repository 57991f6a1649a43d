"""The receivers that docs/webhooks.md shows take what the worker signs, and nothing else."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from adapters.notifier.config import signing_key
from adapters.notifier.signing import signed_headers
from adapters.notifier.tries import BUDGET_SECONDS, TRY_SECONDS
from domain.secret import Secret
from tests.support.webhook_receiver import OTHER_SECRET, SECRET

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = b'{"type": "video.completed"}'


def genuine(samples: dict[str, Any], secret: str, headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
    """What the two samples say."""
    try:
        event = samples["event_of"](secret, headers, body)
    except WebhookVerificationError:
        return False, samples["is_genuine"](secret, headers, body)
    return event == {"type": "video.completed"}, samples["is_genuine"](secret, headers, body)


@pytest.fixture(scope="module")
def samples() -> dict[str, Callable[..., Any]]:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own page
    return names


def signed(*secrets: str, at: dt.datetime | None = None) -> dict[str, str]:
    keys = [signing_key(Secret(secret)) for secret in secrets]
    return signed_headers("job-1_video-completed", at or dt.datetime.now(dt.UTC), BODY, keys)


def test_what_the_worker_signs_is_taken(samples: dict[str, Any]) -> None:
    assert genuine(samples, SECRET, signed(SECRET), BODY) == (True, True)
    for secret in (SECRET, OTHER_SECRET):
        assert genuine(samples, secret, signed(SECRET, OTHER_SECRET), BODY) == (True, True)


def test_what_somebody_else_signs_changes_or_repeats_is_not(samples: dict[str, Any]) -> None:
    old = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=6)
    assert genuine(samples, SECRET, signed(OTHER_SECRET), BODY) == (False, False)
    assert genuine(samples, SECRET, signed(SECRET), BODY + b" ") == (False, False)
    assert genuine(samples, SECRET, {**signed(SECRET), "webhook-id": "job-2_video-completed"}, BODY) == (False, False)
    assert genuine(samples, SECRET, signed(SECRET, at=old), BODY) == (False, False)


def test_the_command_makes_a_secret_that_is_taken() -> None:
    (command,) = re.findall(r'python -c "(.*)"', PAGE)
    printed: list[str] = []
    exec(command, {"print": printed.append})  # noqa: S102 - our own page
    assert len(signing_key(Secret(printed[0]))) == 32


def test_the_figures_are_the_codes() -> None:
    assert (BUDGET_SECONDS, TRY_SECONDS) == (10, 5)
    assert "One event has 10 seconds in all" in PAGE
    assert "one try has 5" in PAGE
    assert "after 0.5, 1, 2 and 4 seconds" in PAGE
