"""For each row of the table of capabilities, the fields of a job that asks for it."""

import base64
from typing import Any, Final

from domain.recipes import PRESETS
from tests.support.pictures import encoded, two_halves

_PICTURE: Final = base64.b64encode(encoded(two_halves(80, 60))).decode("ascii")

LORA: Final = "row.safetensors"
"""The adapter that the row of LoRAs asks for; it must lie in the worker's LORA_DIR."""

FIELDS_OF_ROWS: Final[dict[str, dict[str, Any]]] = {
    "t2v": {"mode": "t2v"},
    "i2v": {"mode": "i2v", "image_base64": _PICTURE},
    "keyframes": {"mode": "keyframes", "keyframes": [{"image_base64": _PICTURE, "frame": 4}]},
    **{preset: {"preset": preset} for preset in PRESETS},
    "enhance_prompt": {"enhance_prompt": True},
    "num_frames: null": {"num_frames": None},
    "loras": {"loras": [{"source": LORA}]},
}
