"""What pytest has to know before it imports the tests, and what many of them share."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contract")


@pytest.fixture(scope="session")
def hub_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hub cache of the run's own; the tiny checkpoints are built into it on first use."""
    return tmp_path_factory.mktemp("hub")
