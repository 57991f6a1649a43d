"""What several contract tests share."""

import secrets
from collections.abc import Iterator

import pytest

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import picture_sandbox
from adapters.sandbox.sandbox import Sandbox
from tests.support.moto_server import MotoServer, moto_server


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    """The decoding process of production."""
    sandbox = picture_sandbox(ImageLimits())
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="package")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def bucket() -> str:
    """A name that no bucket has yet: servers outlive a test."""
    return f"bucket-{secrets.token_hex(6)}"
