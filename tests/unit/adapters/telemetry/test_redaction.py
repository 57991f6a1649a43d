"""What nobody may read is taken out, and nothing else."""

import time
from pathlib import Path

import pytest

from adapters.telemetry.redaction import Redactor
from domain.secret import Secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"  # pragma: allowlist secret
REDACTOR = Redactor(
    secrets=(Secret("correct horse battery"), Secret("abc"), Secret("a/b+c=%d'e")),
    roots={"app": Path("/srv/app"), "hub": Path("/srv/app/cache/hub"), "home": Path("/home/u"), "top": Path("/")},
    hosts=("store", "minio-7", "f00ba9c0ffee"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to hide", "nothing to hide"),
        ("key=correct horse battery.", "key=[redacted]."),
        ("abc is a word", "abc is a word"),  # too short for a secret
        ("GET x?k=a%2Fb%2Bc%3D%25d%27e", "GET x?k=[redacted]"),
        (f"token {JWT}!", "token [redacted]!"),
        ("sb_secret_A1b2-c3", "[redacted]"),
        ("hf_abcdefghijkl", "[redacted]"),
        ("rpa_ABCDEFGHIJKL and AKIAABCDEFGHIJKLMNOP", "[redacted] and [redacted]"),  # pragma: allowlist secret
        ("Authorization: Bearer xyz123, then", "Authorization: [redacted], then"),
        ("{'apikey': 'xyz123456'}", "{'apikey': '[redacted]'}"),  # pragma: allowlist secret
        ("HTTP/1.1 /object?x=1&X-Amz-Signature=0123456789", "HTTP/1.1 /object?x=1&X-Amz-Signature=[redacted]"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "[redacted]"),  # pragma: allowlist secret
        ("GET https://a.b/c/d.png?token=x&y=1 200", "GET https://[host]/c/d.png?[redacted] 200"),
        ('"https://a.b/c#frag"', '"https://[host]/c?[redacted]"'),
        ("https://user:pass@a.b/c", "https://[host]/c"),  # pragma: allowlist secret
        ("redis://:pass@10.0.0.1:6379", "redis://[host]"),  # pragma: allowlist secret
        ("https://a.b/c and s3://bucket/key", "https://[host]/c and s3://[host]/key"),
        ("HTTPSConnectionPool(host='x', port=443)", "HTTPSConnectionPool(host='[host]', port=443)"),
        ("Cannot connect to host worker:443 ssl", "Cannot connect to host [host]:443 ssl"),
        ("Failed to resolve 'inside'", "Failed to resolve '[host]'"),
        ("no certificate for 'pics.example.com'", "no certificate for '[host]'"),
        ("minio-7 and f00ba9c0ffee are known", "[host] and [host] are known"),
        ("the store of minio-77", "the store of minio-77"),
        ("video.mp4 by torch.nn.Linear at 12:30:00", "video.mp4 by torch.nn.Linear at 12:30:00"),
        ("10.0.0.7 port 80, 1.2.3 and [::ffff:10.0.0.1]:8", "[address] port 80, 1.2.3 and [[address]]:8"),
        ("fd00::17 is not allowed; c10::Error, a::b::c", "[address] is not allowed; c10::Error, a::b::c"),
        ('File "/srv/app/domain/grid.py", line 3', 'File "<app>/domain/grid.py", line 3'),
        ("/srv/app/cache/hub/models--x", "<hub>/models--x"),
        ("/srv/apple and /srv/app", "[path] and <app>"),
        ("cannot open '/etc/x/y': file:///home/v/z", "cannot open '[path]': file://[path]"),
        ("24000/1001 and/or image/png, ltx2/2026/a.mp4", "24000/1001 and/or image/png, ltx2/2026/a.mp4"),
    ],
)
def test_a_text(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected


def test_a_secret_that_is_a_part_of_another_one_leaves_nothing_of_it() -> None:
    redactor = Redactor(secrets=(Secret("canary"), Secret("canary-and-more")))
    assert redactor.text("a canary-and-more b canary") == "a [redacted] b [redacted]"
    assert "canary" not in repr(redactor)


def test_what_is_redacted_is_not_changed_by_redacting_it_again() -> None:
    text = "https://u@a.b/c?d /etc/x/y 10.0.0.1 hf_abcdefghijkl host=x /srv/app/y token=abcdefgh"
    assert REDACTOR.text(REDACTOR.text(text)) == REDACTOR.text(text)


def test_places_may_stay_but_secrets_never() -> None:
    shown = Redactor(secrets=(Secret("correct horse"),), hides_places=False)
    text = "got 'http://10.0.0.7/x' and /etc/x/y"
    assert shown.text(f"{text}, correct horse hf_abcdefghijkl") == f"{text}, [redacted] [redacted]"


def test_values_are_redacted_to_any_depth_and_keep_their_form() -> None:
    value = {"a": ["sb_secret_x", 1, None, True, 2.5], "b": {"10.0.0.1": ("https://a.b/?x",)}, "d": Path("/home/u/x")}
    assert REDACTOR.value(value) == {
        "a": ["[redacted]", 1, None, True, 2.5],
        "b": {"[address]": ["https://[host]/?[redacted]"]},
        "d": "<home>/x",
    }


@pytest.mark.parametrize(
    "piece",
    ["https://", "https://a", "eyJ-", "eyJbbbbbbbb-", "a.", "a.com.", "/", "/a", "f:", "1.", "?token", "?tokentoken",
     "sb_secret_", "basic ", "-----BEGIN ", "host=", "a@", "x://"],
)  # fmt: skip
def test_a_long_text_is_redacted_in_linear_time(piece: str) -> None:
    begin = time.process_time()
    REDACTOR.text(piece * (200_000 // len(piece)))
    assert time.process_time() - begin < 2
