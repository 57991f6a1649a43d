"""The version stands in two places."""

import tomllib
from pathlib import Path

from domain.version import WORKER_VERSION


def test_the_worker_and_the_project_have_one_version() -> None:
    pyproject = Path(__file__).parents[3] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == WORKER_VERSION
