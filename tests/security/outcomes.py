"""Fetches one hostile file as a job would, and says how it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder, PictureDecoder, SandboxedDecoder, picture_sandbox
from adapters.image_fetcher.fetcher import PictureFetcher
from application.job_control import JobControl
from domain.clip import Picture
from domain.errors import WorkerError
from domain.requests import ImageReference
from tests.security.hostile_file import Colour, Failures, Shown
from tests.support.resident_peak import resident_rise

FIELD: Final = "keyframes[2].image"
SECONDS: Final = 5.0
"""Of wall time for one file on a busy machine; most take milliseconds."""
MEMORY: Final = 160 << 20
"""What one file may add to the worker: its 20 MB in base64, decoded, and once more for its decoder, and what is left of
the file before. The pictures themselves are small here."""
TOLERANCE: Final = 8
"""Of a colour that went through JPEG."""


@contextmanager
def fetching(*, sandboxed: bool) -> Iterator[PictureFetcher]:
    """The real fetcher; it may take files from loopback."""
    client = GuardedClient(config=HttpConfig(private_hosts=frozenset({"127.0.0.1"})))
    if not sandboxed:
        yield PictureFetcher(client=client, decoder=InProcessDecoder())
        return
    sandbox = picture_sandbox(ImageLimits())
    sandbox.check()
    decoder: PictureDecoder = SandboxedDecoder(sandbox)
    try:
        yield PictureFetcher(client=client, decoder=decoder)
    finally:
        sandbox.close()


@attrs.frozen
class Ending:
    """Either `picture` or `failure` is there. What else was raised passes through."""

    picture: Picture | None
    failure: WorkerError | None
    seconds: float
    risen: int


def ending(fetcher: PictureFetcher, reference: ImageReference) -> Ending:
    begin = time.monotonic()
    picture: Picture | None = None
    failure: WorkerError | None = None
    with resident_rise() as rise:
        try:
            picture = fetcher.fetch(reference, JobControl())
        except WorkerError as error:
            failure = error
    return Ending(picture, failure, time.monotonic() - begin, rise.size)


def assert_ends(actual: Ending, ends: Failures | Shown) -> None:
    """As it should, in time, and without taking much memory."""
    if isinstance(ends, Shown):
        assert actual.picture is not None, actual.failure
        _assert_shows(actual.picture, ends)
    else:
        assert actual.failure is not None, actual.picture
        _assert_fails(actual.failure, ends)
    assert actual.seconds < SECONDS
    assert actual.risen < MEMORY


def _assert_fails(failure: WorkerError, expected: Failures) -> None:
    assert type(failure) in expected, repr(failure.__cause__)
    assert failure.message.startswith(f"{FIELD} ")
    assert len(failure.message) < 200
    assert [fault.path for fault in failure.faults] == [FIELD]


def _assert_shows(picture: Picture, shown: Shown) -> None:
    assert (picture.resolution.width, picture.resolution.height) == shown.size
    assert picture.pixels.nbytes == 3 * shown.size[0] * shown.size[1]
    for (x, y), colour in shown.colours.items():
        start = 3 * (y * shown.size[0] + x)
        found = tuple(picture.pixels[start : start + 3])
        assert _distance(found, colour) <= TOLERANCE, (x, y, found, colour)


def _distance(found: tuple[int, ...], colour: Colour) -> int:
    return max(abs(a - b) for a, b in zip(found, colour, strict=True))
