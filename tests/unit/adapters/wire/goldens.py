"""Golden replies of tests/data/wire."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[3] / "data" / "wire"


def golden(name: str) -> Any:
    """The reply in `name`.json."""
    return json.loads((_FOLDER / f"{name}.json").read_text())
