"""One hostile file, and what must become of it."""

from collections.abc import Callable, Mapping

import attrs
from PIL import Image

from domain.errors import InputRefused, InputUnreadable, WorkerError
from tests.support.pictures import BLUE, RED, encoded, two_halves

Colour = tuple[int, int, int]
Failures = frozenset[type[WorkerError]]

REFUSED: Failures = frozenset({InputRefused})
UNREADABLE: Failures = frozenset({InputUnreadable})


@attrs.frozen
class Shown:
    """A picture: its size, and colours at (x, y)."""

    size: tuple[int, int]
    colours: Mapping[tuple[int, int], Colour] = attrs.field(factory=dict)


HALVES = Shown((16, 8), {(1, 1): RED, (5, 6): RED, (10, 1): BLUE, (14, 6): BLUE})
"""Of `halves()`, which most odd files hold."""


@attrs.frozen
class HostileFile:
    """`name` is the test's id; `reason` says what the file is after.

    `ends`: it fails with one of these errors, or it is odd but valid, and shows this. `large`: ten megabytes or more.
    """

    name: str
    reason: str
    make: Callable[[], bytes]
    ends: Failures | Shown = UNREADABLE
    large: bool = False


def halves() -> Image.Image:
    return two_halves(16, 8)


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    """Fine enough that colours survive."""
    return encoded(image or halves(), "JPEG", **{"quality": 95, "subsampling": 0, **options})


def webp(image: Image.Image | None = None, **options: object) -> bytes:
    return encoded(image or halves(), "WEBP", **{"lossless": True, **options})
