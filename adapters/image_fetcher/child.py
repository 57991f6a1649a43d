"""The decoding process for pictures: `python -m adapters.image_fetcher.child`, which the sandbox starts."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoding import decode_picture
from adapters.sandbox.child import InputFile, Result, serve


def decode(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "decode": the picture in `file`, within the limits that are the arguments."""
    picture = decode_picture(file.read(), "", ImageLimits(**arguments))
    return Result({"width": picture.resolution.width, "height": picture.resolution.height}, picture.pixels)


def decode_one_of_each() -> None:
    """Load everything that decoding takes; a child that cannot decode ends here."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for kind, mode in (("JPEG", "CMYK"), ("PNG", "P"), ("WEBP", "RGBA")):
        sample = io.BytesIO()
        Image.new(mode, (16, 16)).save(sample, kind, exif=exif)
        decode_picture(sample.getvalue(), "", ImageLimits())


if __name__ == "__main__":
    serve({"decode": decode}, decode_one_of_each)
