"""What of a picture file its decoder gets to see."""

import attrs


class Damaged(ValueError):
    """The file does not have the structure of its format, or ends too early. `found` is for the log."""

    def __init__(self, *, found: str) -> None:
        super().__init__(found)


class Excessive(Exception):
    """The file is made of more parts than any encoder writes. `message` goes on from the field's name."""

    def __init__(self, *, limit: int, parts: str) -> None:
        self.message = f"must be made of at most {limit} {parts}"
        super().__init__(self.message)


@attrs.frozen(kw_only=True)
class PictureFile:
    """A file without what its picture does not need: text, thumbnails, further frames, whatever is appended.

    Pillow's plugins look into all of that, in Python and chunk by chunk. A text chunk of the right name replaced
    what they knew about the picture (TypeError), a million of them took 6 seconds and 180 MB.

    `data` is a whole file again, with the ICC profile and without the EXIF block. `exif` is that block, as a TIFF
    header and what follows; empty if there is none. `size` is width and height, by the header.
    """

    size: tuple[int, int]
    data: bytes
    exif: bytes = b""
