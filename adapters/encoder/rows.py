"""The containers that can be written: one row each."""

from typing import Final

from adapters.encoder import gif, mp4, png_sequence, wav, webm
from adapters.encoder.formats import WrittenFormat

FORMATS: Final[dict[str, WrittenFormat]] = {
    row.output_format.name: row for row in (mp4.FORMAT, webm.FORMAT, gif.FORMAT, png_sequence.FORMAT, wav.FORMAT)
}
