"""For each row of the table of capabilities, the fields of a job that asks for it."""

import base64
from typing import Any, Final

from domain.recipes import PRESETS
from tests.support.pictures import encoded, two_halves

_PICTURE: Final = base64.b64encode(encoded(two_halves(80, 60))).decode("ascii")

LORA: Final = "row.safetensors"
"""The adapter that the row of LoRAs asks for; it must lie in the worker's LORA_DIR."""

CLIP: Final = "inputs/clip.mp4"
"""The clip with sound that the rows of source modes ask for; it must lie in the worker's store."""

FIELDS_OF_ROWS: Final[dict[str, dict[str, Any]]] = {
    "t2v": {"mode": "t2v"},
    "i2v": {"mode": "i2v", "image_base64": _PICTURE},
    "keyframes": {"mode": "keyframes", "keyframes": [{"image_base64": _PICTURE, "frame": 4}]},
    "v2v": {"mode": "v2v", "video_path": CLIP},
    "extend": {"mode": "extend", "video_path": CLIP},
    "retake": {"mode": "retake", "video_path": CLIP, "start": 0.1, "num_frames": None},
    "a2v": {"mode": "a2v", "audio_path": CLIP},
    **{preset: {"preset": preset} for preset in PRESETS},
    "enhance_prompt": {"enhance_prompt": True},
    "num_frames: null": {"num_frames": None},
    "upscale": {"upscale": 2},
    "loras": {"loras": [{"source": LORA}]},
}
