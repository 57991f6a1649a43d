"""What several contract tests share."""

from collections.abc import Iterator

import pytest

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import picture_sandbox
from adapters.sandbox.sandbox import Sandbox


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    """The decoding process of production."""
    sandbox = picture_sandbox(ImageLimits())
    yield sandbox
    sandbox.close()
