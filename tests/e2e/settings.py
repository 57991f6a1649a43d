"""What the end-to-end tests set, and the clip that they ask for."""

from pathlib import Path
from typing import Any, Final

SMALL: Final[dict[str, Any]] = {"prompt": "a lighthouse", "width": 64, "height": 96, "num_frames": 9}
LONG: Final[dict[str, Any]] = {"prompt": "a lighthouse", "width": 1920, "height": 1088, "num_frames": 480}
"""Takes many seconds, on the synthetic model too."""

SYNTHETIC: Final = {"MODEL_BACKEND": "synthetic"}


def synthetic_and_local(store: Path) -> dict[str, str]:
    return {**SYNTHETIC, "STORAGE_BACKEND": "local", "LOCAL_STORE_DIR": str(store)}
