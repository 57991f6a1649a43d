"""What nobody may read is taken out, and nothing else."""

from pathlib import Path

import pytest

from adapters.telemetry.redaction import Redactor
from domain.secret import Secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"  # pragma: allowlist secret
REDACTOR = Redactor(
    secrets=(Secret("correct horse battery"), Secret("abc")),
    roots={"app": Path("/srv/app"), "hub": Path("/srv/app/cache/hub"), "home": Path("/home/u")},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to hide", "nothing to hide"),
        ("key=correct horse battery.", "key=[redacted]."),
        ("abc is a word", "abc is a word"),  # too short for a secret
        (f"token {JWT}!", "token [redacted]!"),
        ("sb_secret_A1b2-c3", "[redacted]"),
        ("hf_abcdefghijkl", "[redacted]"),
        ("Authorization: Bearer xyz123, then", "Authorization: [redacted], then"),
        ("GET https://a.b/c/d.png?token=x&y=1 200", "GET https://a.b/c/d.png?[redacted] 200"),
        ('"https://a.b/c#frag"', '"https://a.b/c?[redacted]"'),
        ("https://user:pass@a.b/c", "https://a.b/c"),  # pragma: allowlist secret
        ("https://a.b/c", "https://a.b/c"),
        ('File "/srv/app/domain/grid.py", line 3', 'File "<app>/domain/grid.py", line 3'),
        ("/srv/app/cache/hub/models--x", "<hub>/models--x"),
        ("/srv/apple and /srv/app", "/srv/apple and <app>"),
    ],
)
def test_a_text(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected


def test_values_are_redacted_to_any_depth_and_keep_their_form() -> None:
    value = {"a": ["sb_secret_x", 1, None, True, 2.5], "b": {"c": ("https://a.b/?x",)}, "d": Path("/home/u/x")}
    assert REDACTOR.value(value) == {
        "a": ["[redacted]", 1, None, True, 2.5],
        "b": {"c": ["https://a.b/?[redacted]"]},
        "d": "<home>/x",
    }


def test_a_long_text_is_redacted_in_linear_time() -> None:
    text = "https://" + "a" * 200_000 + " eyJ" + "b" * 200_000
    assert REDACTOR.text(text) == text
