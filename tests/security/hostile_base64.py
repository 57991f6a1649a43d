"""Texts for `image_base64` that mean harm."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import attrs

from tests.security.hostile_file import HALVES, REFUSED, UNREADABLE, Failures, Shown, jpeg
from tests.security.hostile_png import png

MIB = 1 << 20


@attrs.frozen
class HostileText:
    """As `HostileFile`, for what stands in the request itself."""

    name: str
    reason: str
    make: Callable[[], str]
    ends: Failures | Shown = UNREADABLE


def packed(data: bytes = b"") -> str:
    return base64.b64encode(data or png()).decode()


TEXTS = (
    HostileText("wrong media type", "the head claims a JPEG", lambda: f"data:image/jpeg;base64,{packed()}", HALVES),
    HostileText("a script's media type", "the head claims a page", lambda: f"data:text/html;base64,{packed()}", HALVES),
    HostileText("a page", "HTML in base64", lambda: f"data:image/png;base64,{packed(b'<script>alert(1)</script>')}"),
    HostileText("SVG without base64", "XML in the request", lambda: "data:image/svg+xml,%3Csvg onload=alert(1)%3E"),
    HostileText("base64 that is percent-encoded", "two encodings",
                lambda: f"data:image/png;base64,{quote(packed(), safe='')}%0A"),
    HostileText("data: in data:", "unpacked twice", lambda: f"data:image/png;base64,data:image/png;base64,{packed()}"),
    HostileText("data: in base64", "unpacked twice", lambda: packed(f"data:image/png;base64,{packed()}".encode())),
    HostileText("base64 in base64", "unpacked twice", lambda: packed(packed().encode())),
    HostileText("two pictures", "padding in the middle", lambda: packed(b"ab") + packed()),
    HostileText("head of a megabyte", "search for a comma", lambda: "data:" + "a" * MIB + f";base64,{packed()}"),
    HostileText("a million heads", "search for a comma", lambda: "data:;" * 1_000_000),
    HostileText("data: alone", "nothing behind the head", lambda: "data:"),
    HostileText("an empty picture", "nothing behind the head", lambda: "data:image/png;base64,"),
    HostileText("spaces and line breaks", "a mail's line breaks",
                lambda: " \n".join(packed()[start : start + 4] for start in range(0, len(packed()), 4)), HALVES),
    HostileText("a million spaces", "white space between all characters",
                lambda: (" " * 10_000).join(packed()[start : start + 4] for start in range(0, len(packed()), 4)),
                HALVES),
    HostileText("white space alone", "nothing in it", lambda: " \t\r\n" * MIB),
    HostileText("NULs within", "C strings end there", lambda: packed()[:40] + "\x00" + packed()[40:]),
    HostileText("a surrogate", "text that UTF-8 cannot hold", lambda: packed()[:40] + "\ud800" + packed()[40:]),
    HostileText("letters that look alike", "alphabets of others", lambda: "\u0410" + packed()[1:]),
    HostileText("digits of full width", "alphabets of others", lambda: "".join(chr(ord(c) + 0xFEE0) for c in packed())),
    HostileText("the alphabet for URLs", "another alphabet",
                lambda: base64.urlsafe_b64encode(b"\xff\xd8\xff\xfe" + jpeg()).decode()),
    HostileText("no padding", "too short by two bits",
                lambda: packed(png() + b"\x00" * (3 - len(png()) % 3) + b"\x00").rstrip("=")),
    HostileText("padding alone", "less than nothing", lambda: "=" * 1_000_000),
    HostileText("a path", "a file of the worker", lambda: "/etc/passwd"),
    HostileText("a file's URL", "a file of the worker", lambda: "file:///etc/passwd"),
    HostileText("an address", "a request by the worker", lambda: "http://169.254.169.254/latest/meta-data"),
    HostileText("one byte too many", "just over the limit", lambda: packed(bytes(20 * MIB + 1)), REFUSED),
    HostileText("64 MB", "a bomb of base64", lambda: "A" * (64 * MIB), REFUSED),
    HostileText("20 MB of zeros", "just within the limit", lambda: packed(bytes(20 * MIB))),
)  # fmt: skip
