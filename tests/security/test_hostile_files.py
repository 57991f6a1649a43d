"""No picture file gets anything out of the fetcher but a contract failure or the right picture."""

import base64
from collections.abc import Iterator

import pytest

from adapters.image_fetcher.fetcher import PictureFetcher
from domain.errors import InputUnreadable
from domain.requests import ImageUrl, InlineImage
from tests.security.hostile_base64 import TEXTS, HostileText
from tests.security.hostile_file import HALVES, HostileFile
from tests.security.hostile_files import CORPUS, SMALL, WHOLE, truncated
from tests.security.outcomes import FIELD, assert_ends, ending, fetching
from tests.support.http_server import HttpServer, Reply, serving


@pytest.fixture(scope="module")
def plain() -> Iterator[PictureFetcher]:
    """Decodes in this process, where each warning is an error."""
    with fetching(sandboxed=False) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def sandboxed() -> Iterator[PictureFetcher]:
    """Decodes as production does."""
    with fetching(sandboxed=True) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


def ids(file: HostileFile | HostileText) -> str:
    return file.name


@pytest.mark.parametrize("file", CORPUS, ids=ids)
def test_a_file_in_the_request(file: HostileFile, plain: PictureFetcher) -> None:
    text = base64.b64encode(file.make()).decode()
    assert_ends(ending(plain, InlineImage(text, FIELD)), file.ends)


@pytest.mark.parametrize("file", SMALL, ids=ids)
def test_a_file_from_a_host(file: HostileFile, sandboxed: PictureFetcher, server: HttpServer) -> None:
    server.add("/a.jpg", Reply(body=file.make(), headers={"Content-Type": "image/jpeg"}))
    assert_ends(ending(sandboxed, ImageUrl(server.url("/a.jpg"), FIELD)), file.ends)


@pytest.mark.parametrize("text", TEXTS, ids=ids)
def test_a_text_in_the_request(text: HostileText, plain: PictureFetcher) -> None:
    assert_ends(ending(plain, InlineImage(text.make(), FIELD)), text.ends)


def test_files_cut_anywhere_are_unreadable(plain: PictureFetcher) -> None:
    count = 0
    for count, file in enumerate(truncated(), 1):  # noqa: B007 - counted below
        text = base64.b64encode(file.make()).decode()
        outcome = ending(plain, InlineImage(text, FIELD))
        assert isinstance(outcome.failure, InputUnreadable), file.name
    assert count > 2_000


@pytest.mark.parametrize("kind", WHOLE)
def test_the_same_files_whole_are_pictures(kind: str, plain: PictureFetcher) -> None:
    outcome = ending(plain, InlineImage(base64.b64encode(WHOLE[kind]).decode(), FIELD))
    assert outcome.picture is not None
    assert outcome.picture.resolution.pixels == HALVES.size[0] * HALVES.size[1]


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    names = [file.name for file in CORPUS] + [text.name for text in TEXTS]
    assert len(set(names)) == len(names) >= 250
