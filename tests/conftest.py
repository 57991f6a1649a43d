"""What pytest has to know before it imports the tests, and what many of them share."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

pytest.register_assert_rewrite("tests.contract")


@pytest.fixture(scope="session")
def hub_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hub cache of the run's own; the tiny checkpoints are built into it on first use."""
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """What a test sets up for the logs of this process ends with it; the next one may be any."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
