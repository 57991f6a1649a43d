"""What the attacker's server answers: redirects that lead inside, and bodies without end, size or shape."""

import gzip
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Final

from tests.security.attack_server import Script
from tests.support.pictures import encoded, two_halves

GOOD: Final = encoded(two_halves())
OK: Final = b"HTTP/1.1 200 OK\r\n"
_CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BLOCK: Final = bytes(16_384)
_DRIP: Final = 0.02
_LONG: Final = 30.0


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> Script:
    """A whole answer, its length declared."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return raw("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)


def redirect(location: str | bytes, status: int = 302) -> Script:
    """An answer that points to `location`, as it is."""
    target = location.encode("utf-8") if isinstance(location, str) else location
    return raw(b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, target))


def raw(*pieces: bytes | float) -> Script:
    return lambda: iter(pieces)


def _endless(head: bytes, piece: bytes) -> Script:
    def script() -> Iterator[bytes | float]:
        yield head
        yield from repeat(piece)

    return script


def _dripping(head: bytes, piece: bytes) -> Script:
    def script() -> Iterator[bytes | float]:
        yield head
        for drop in repeat(piece):
            yield _DRIP
            yield drop

    return script


def _bomb() -> bytes:
    """A picture's worth of bytes that would become 64 MiB."""
    return gzip.compress(bytes(64 << 20), 1, mtime=0)


REFUSED_ANSWERS: Final[Mapping[str, Script]] = {
    "an endless body": _endless(OK + b"\r\n", _BLOCK),
    "endless chunks": _endless(_CHUNKED, b"4000\r\n" + _BLOCK + b"\r\n"),
    "a length of a terabyte": raw(OK + b"Content-Length: 1099511627776\r\n\r\nabc"),
    "a gzip bomb": answer(_bomb(), "Content-Encoding: gzip"),
    "a brotli body": answer(b"abc", "Content-Encoding: br"),
    "two codings in one line": answer(b"abc", "Content-Encoding: identity, gzip"),
    "two lines of codings": answer(GOOD, "Content-Encoding: identity", "Content-Encoding: gzip"),
}

BROKEN_ANSWERS: Final[Mapping[str, Script]] = {
    "nothing": raw(),
    "a length that is too long": raw(OK + b"Content-Length: 900\r\n\r\nabc"),
    "two lengths": raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "a negative length": raw(OK + b"Content-Length: -1\r\n\r\nab"),
    "a length of 5000 digits": raw(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nab"),
    "a hex length": raw(OK + b"Content-Length: 0x10\r\n\r\nab"),
    "gzip as transfer coding": raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "chunks of a wrong size": raw(_CHUNKED + b"zz\r\nab\r\n"),
    "a chunk of 2^80 bytes": raw(_CHUNKED + b"fffffffffffffffffffff\r\nab\r\n"),
    "a negative chunk": raw(_CHUNKED + b"-1\r\nab\r\n"),
    "chunks that end early": raw(_CHUNKED + b"4\r\nab"),
    "an endless chunk extension": _endless(_CHUNKED + b"1;", b"x" * 16_384),
    "endless trailers": _endless(_CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
    "endless headers": _endless(OK, b"X: y\r\n" * 1000),
    "an endless header": _endless(OK + b"X: ", b"y" * 16_384),
    "an endless folded header": _endless(OK + b"X: y\r\n", b" y\r\n" * 1000),
    "an endless status line": _endless(b"HTTP/1.1 200 ", b"O" * 16_384),
    "a NUL in a header": raw(OK + b"X: a\0b\r\n\r\nab"),
    "a header without a colon": raw(OK + b"nonsense\r\n\r\nab"),
    "a status of four digits": raw(b"HTTP/1.1 2000 OK\r\n\r\nab"),
    "a negative status": raw(b"HTTP/1.1 -1 OK\r\n\r\nab"),
    "a body without a head": raw(GOOD),
    "HTTP/2 from the start": raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "an SSH server": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "a Redis server": raw(b"-ERR unknown command 'GET'\r\n"),
    "switching protocols": raw(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nabc"),
    "a line feed in a location": redirect(b"https://a.attacker.example/\rhttps://127.0.0.2/"),
    "a NUL in a location": redirect(b"https://127.0.0.2\0.attacker.example/"),
    "status 300 with a location": redirect("https://127.0.0.2/", 300),
    "status 304 with a location": redirect("https://127.0.0.2/", 304),
    "status 305, use a proxy": redirect("https://127.0.0.2/", 305),
    "status 201 with a location": answer(b"", "Location: https://127.0.0.2/", status="201 Created"),
    "a redirect to nowhere": answer(b"", status="302 Found"),
    "a redirect to an empty location": redirect(""),
    "two locations": raw(
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nLocation: https://127.0.0.2/\r\nContent-Length: 0\r\n\r\n"
    ),
    "log in first": answer(b"", "WWW-Authenticate: Negotiate", status="401 Unauthorized"),
    "log in to a proxy": answer(b"", 'Proxy-Authenticate: Basic realm="x"', status="407 Proxy"),
    "come back next year": answer(b"", "Retry-After: 31536000", status="429 Slow down"),
    "a part of it": answer(b"abc", "Content-Range: bytes 0-2/9", status="206 Partial"),
    "no content": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "failing for ever": answer(b"x", status="500 Oops"),
    "failing at length": _endless(b"HTTP/1.1 503 Oops\r\n\r\n", _BLOCK),
}

UNREADABLE_ANSWERS: Final[Mapping[str, Script]] = {
    "a gzip bomb that says nothing": answer(_bomb()[:500_000]),
    "a length that is too short": raw(OK + b"Content-Length: 3\r\n\r\n" + GOOD),
    "the same length twice": raw(OK + b"Content-Length: 3, 3\r\n\r\nabc"),
    "an empty body": answer(),
    "a page that refreshes": answer(b'<meta http-equiv="refresh" content="0;url=https://127.0.0.2/">'),
    "a header that refreshes": answer(b"abc", "Refresh: 0; url=https://127.0.0.2/"),
    "another service": answer(b"abc", 'Alt-Svc: h2="127.0.0.2:443"', "Link: <https://127.0.0.2/>; rel=preload"),
    "a location that is none": answer(b"abc", "Location: https://127.0.0.2/", "Content-Location: https://127.0.0.2/"),
    "a drawing that loads another": answer(
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="https://127.0.0.2/"/></svg>', "Content-Type: image/png"
    ),
    "a playlist": answer(b"#EXTM3U\n#EXTINF:1,\nhttps://127.0.0.2/\n", "Content-Type: image/png"),
    "a list of clips": answer(b"ffconcat version 1.0\nfile https://127.0.0.2/\n", "Content-Type: image/png"),
    "early hints": raw(b"HTTP/1.1 103 Hints\r\nLink: <https://127.0.0.2/>; rel=preload\r\n\r\n" + OK + b"\r\nabc"),
}

SLOW_ANSWERS: Final[Mapping[str, Script]] = {
    "silence": raw(_LONG),
    "silence after the headers": raw(OK + b"Content-Length: 9\r\n\r\n", _LONG),
    "a dripping status line": _dripping(b"HTTP/1.1 200 O", b"K"),
    "dripping headers": _dripping(OK, b"X: y\r\n"),
    "a dripping header": _dripping(OK + b"X: ", b"y"),
    "a dripping body": _dripping(OK + b"\r\n", b"y"),
    "dripping chunks": _dripping(_CHUNKED, b"1\r\ny\r\n"),
    "a dripping chunk extension": _dripping(_CHUNKED + b"1;", b"y"),
    "a flood of 1xx": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "dripping 1xx": _dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "chunks of one byte": _endless(_CHUNKED, b"1\r\nx\r\n" * 1000),
}
