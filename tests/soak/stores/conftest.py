"""The real servers: each is started once, and a test takes a bucket of its own."""

import secrets
from collections.abc import Iterator

import pytest

from tests.support.azurite import AzuriteServer, azurite
from tests.support.seaweedfs import SeaweedServer, seaweedfs


@pytest.fixture(scope="package")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="package")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzuriteServer]:
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture
def bucket() -> str:
    """A name that no bucket has yet."""
    return f"bucket-{secrets.token_hex(6)}"
