"""Seed corpora, made by code: what the mutations begin with.

python -m fuzz.seeds FOLDER writes one folder for each harness.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from tests.support.icc import display_p3, grey_profile
from tests.support.pictures import encoded, png_of_size, two_halves

_EVERY_FIELD: Final[Mapping[str, Any]] = {
    "mode": "t2v",
    "prompt": "a lake at dawn",
    "negative_prompt": "blurry",
    "enhance_prompt": True,
    "seed": 42,
    "preset": "fast",
    "steps": 8,
    "guidance": 3.5,
    "fps": 23.976,
    "num_frames": 121,
    "height": 512,
    "width": 768,
    "loras": [{"source": "org/name", "weight_name": "a.safetensors", "scale": 0.5}, {"source": "b.safetensors"}],
    "output_format": "mp4",
    "file_name": "video.mp4",
    "return_signed_url": False,
    "low_vram": True,
    "idempotency_key": "order-7",
    "s3Config": {"accessId": "a", "accessSecret": "b", "bucketName": "clips", "endpointUrl": "https://s3.example.com"},
}


def requests() -> Iterator[tuple[str, bytes]]:
    """(name, JSON): valid requests of each kind, and some that are refused."""
    documents: dict[str, object] = {
        "prompt": {"prompt": "a lake"},
        "every_field": _EVERY_FIELD,
        "url": {"mode": "i2v", "prompt": "a", "image_url": "https://example.com/a.png?token=1"},
        "base64": {"mode": "i2v", "prompt": "a", "image_base64": "data:image/png;base64,AAAA"},
        "length_left_to_the_model": {"prompt": "a", "num_frames": None, "fps": 120},
        "measured": {"prompt": "a", "seconds": 2.5, "fps": 29.97, "resolution": "720p", "aspect_ratio": "9:16"},
        "measured_twice": {"prompt": "a", "seconds": 2, "num_frames": 48, "aspect_ratio": "1:1", "width": 64},
        "capabilities": {"mode": "capabilities"},
        "nulls": dict.fromkeys(_EVERY_FIELD),
        "wrong_types": {name: [value] for name, value in _EVERY_FIELD.items()},
        "unknown": {f"{name}s": value for name, value in _EVERY_FIELD.items()},
        "doctor": {"mode": "doctor"},
        "sign": {"mode": "sign", "path": "ltx2/2026-01-13/job-1/video.mp4"},
        "stored": {"mode": "i2v", "prompt": "a", "image_path": "inputs/a.png"},
        "upload": {"prompt": "a", "upload_url": "https://s3.example.com/a.mp4?X-Amz-Signature=1"},
        "no_object": [],
        "list": [{"prompt": "a"}, {"prompt": "b"}],
        "takes": {"prompt": "a", "num_outputs": 3, "seed": 2**53 - 2},
        "batch": {"batch": [{"prompt": "a"}, {"prompt": "b", "num_outputs": 2}, []], "idempotency_key": "order-7"},
        "batch_of_modes": {"batch": [{"mode": "doctor"}, _EVERY_FIELD], "webhook_url": "https://target.invalid/h"},
    }
    documents |= {f"only_{name}": {"prompt": "a", name: value} for name, value in _EVERY_FIELD.items()}
    for name, document in documents.items():
        yield f"{name}.json", json.dumps(document).encode()


def pictures() -> Iterator[tuple[str, bytes]]:
    """(name, file): small pictures of each format and mode, with what they can carry beside pixels."""
    small = two_halves(9, 5)
    for mode in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"):
        yield f"{mode.replace(';', '')}.png", encoded(small.convert("L" if mode == "I;16" else "RGB").convert(mode))
    for mode in ("L", "RGB", "CMYK"):
        yield f"{mode}.jpg", encoded(small.convert(mode), "JPEG")
    yield "progressive.jpg", encoded(small, "JPEG", progressive=True, subsampling=2)
    yield "lossless.webp", encoded(small, "WEBP", lossless=True)
    yield "lossy_alpha.webp", encoded(small.convert("RGBA"), "WEBP", quality=50)
    yield "animated.webp", encoded(small, "WEBP", save_all=True, append_images=[two_halves(9, 5).rotate(180)])
    yield "animated.png", encoded(small, save_all=True, append_images=[small.rotate(180)])
    yield "transparent_index.png", encoded(small.convert("P"), transparency=0)
    for name, kind in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")):
        yield f"profile.{name}", encoded(small, kind, icc_profile=display_p3())
        yield f"wrong_profile.{name}", encoded(small, kind, icc_profile=grey_profile())
        yield f"turned.{name}", encoded(small, kind, exif=_turned())
    yield "promises.png", png_of_size(30_000, 30_000)
    yield "gif.png", encoded(small, "GIF")


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


SEEDS: Final = {"request_decoder": requests, "pictures": pictures}


def write_seeds(folder: Path) -> None:
    """Write every harness' seeds into a folder of its name below `folder`."""
    for harness, seeds in SEEDS.items():
        place = folder / harness
        place.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (place / name).write_bytes(content)


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))
