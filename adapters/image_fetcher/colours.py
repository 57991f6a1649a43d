"""Any mode of a loaded picture to opaque 8-bit sRGB."""

import io
from typing import Final

from PIL import Image, ImageCms

from adapters.image_fetcher.profiles import is_harmless

_WHITE: Final[dict[str, int | tuple[int, int, int]]] = {"L": 255, "RGB": (255, 255, 255)}
_PROFILED_MODES: Final = frozenset({"L", "RGB", "CMYK"})
"""What ICC profiles of pictures are for."""


def to_srgb(image: Image.Image) -> Image.Image:
    """`image` in mode RGB. Its ICC profile is applied if it fits the pixels, and else dropped.

    Transparency is laid on white: cut-outs and dark line art are drawn for light pages, and would vanish on black.
    """
    profile = image.info.get("icc_profile")
    plain = _opaque(_eight_bit(image))
    if isinstance(profile, bytes) and is_harmless(profile):
        plain = _apply(profile, plain)
    return plain if plain.mode == "RGB" else plain.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey as its high bytes; `convert` would clip every value above 255 to white.

    Pillow has 16-bit colour in 8 bits already. Grey's single transparent value, if any, stays opaque.
    """
    if image.mode != "I;16":
        return image
    return Image.frombytes("L", image.size, image.tobytes(), "raw", "L;16")


def _opaque(image: Image.Image) -> Image.Image:
    """`image` without transparency in mode L, RGB or CMYK."""
    if not image.has_transparency_data:
        if image.mode in _PROFILED_MODES:
            return image
        return image.convert("L" if image.mode == "1" else "RGB")
    mode = "L" if image.mode == "LA" else "RGB"
    layered = image.convert(mode + "A")
    canvas = Image.new(mode, image.size, _WHITE[mode])
    canvas.paste(layered.convert(mode), mask=layered.getchannel("A"))
    return canvas


def _apply(profile: bytes, image: Image.Image) -> Image.Image:
    """`image` in sRGB, or as it was if littleCMS cannot use the profile: a wrong tint is better than no picture.

    littleCMS refuses a profile of another colour space than the pixels'.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        return image
    return image if converted is None else converted  # None only when done in place
