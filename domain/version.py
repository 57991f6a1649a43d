"""The worker's version, as replies and logs show it."""

from typing import Final

WORKER_VERSION: Final = "0.1.0"
"""The same as in pyproject.toml: the worker runs from its folder and has no installed metadata to read it from."""
