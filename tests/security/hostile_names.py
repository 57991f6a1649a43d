"""Names that a caller may send in the hope that they become paths."""

from typing import Final

NAMES: Final[dict[str, str]] = {
    # out of the folder
    "parent": "..",
    "parents": "../../../../../../../../tmp/canary",
    "parent in the middle": "a/../../../canary",
    "parent at the end": "a/..",
    "dots and slashes mixed": "....//....//canary",
    "this folder": ".",
    "this folder's file": "./canary",
    "absolute": "/etc/canary",
    "absolute twice": "//etc/canary",
    "home": "~/canary",
    "another's home": "~root/canary",
    "the process": "/proc/self/environ",
    "a device": "/dev/null",
    "a pipe": "|touch canary",
    "a file URL": "file:///etc/canary",
    "an FFmpeg protocol": "concat:/etc/passwd|/etc/canary",
    "an FFmpeg pattern": "frame%03d",
    "a data stream": "video.mp4:canary",
    # of other systems
    "Windows' parents": "..\\..\\canary",
    "Windows' drive": "C:\\canary",
    "a network share": "\\\\host\\share\\canary",
    "reserved CON": "CON",
    "reserved NUL with a suffix": "nul.txt",
    "reserved COM1": "com1",
    "wildcards": "*?<>|canary",
    # in disguise
    "percent-encoded": "%2e%2e%2f%2e%2e%2fcanary",
    "percent-encoded twice": "%252e%252e%252fcanary",
    "overlong UTF-8": "%c0%ae%c0%ae/canary",
    "an entity": "&#46;&#46;/canary",
    "full-width dots": "．．／canary",  # noqa: RUF001 - look-alikes are the point
    "one and two dot leaders": "\u2024\u2024/\u2025/canary",
    "division slash": "..∕..∕canary",  # noqa: RUF001 - look-alikes are the point
    "fraction slash": "..⁄canary",  # noqa: RUF001 - look-alikes are the point
    "Cyrillic": "vіdео",  # noqa: RUF001 - look-alikes are the point
    "decomposed": "e\u0301/../canary",
    "right-to-left override": "video\u202egnp",
    "zero width": "vi\u200bdeo\ufeff",
    "half a surrogate pair": "\ud800/../canary",
    "Arabic digits": "\u0663\u0664",
    # characters
    "NUL": "canary\x00",
    "NUL before the suffix": "../canary\x00.mp4",
    "a newline": "canary\nx: y",
    "a carriage return": "canary\r\nSet-Cookie: a=b",
    "an escape": "\x1b[2J\x1b]0;canary\x07",
    "a tab": "\tcanary",
    "DEL": "canary\x7f",
    "blank": " ",
    "nothing": "",
    "spaces at the end": "canary   ",
    "dots at the end": "canary...",
    "a leading dot": ".canary",
    "hidden parents": "..canary",
    "a leading dash": "-rf",
    "an option": "--output=/etc/canary",
    "quotes": "'\"`$(touch canary)`",
    "a variable": "$HOME/${IFS}canary",
    "SQL": "'; drop table objects; --",
    # too long
    "a long name": "a" * 256,
    "a long path": "a/" * 3000 + "canary",
    "very long": "x" * 1_000_000,
    "many parents": "../" * 2000 + "canary",
    "long in bytes only": "é" * 128,
    # what the store itself uses
    "a side file": ".video.mp4.1-2.json",
    "a part": ".0123456789abcdef0123456789abcdef.part",
    "the records' folder": "_jobs/other.json",
    "an outbox entry": "ready-0-0-0",
}
"""By what they try."""
