"""What input pictures are limited to."""

import attrs


@attrs.frozen(kw_only=True)
class ImageLimits:
    """Largest picture that is taken. It is an input to at most 4096 x 4096, so phones' 40 megapixels are plenty.

    `max_bytes` counts the file, for base64 after decoding. `max_side` and `max_pixels` are judged by the header,
    before anything is decoded. `seconds` bounds a download as a whole, redirects and retries included.
    """

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 40_000_000
    max_side: int = 16_384
    seconds: float = 30.0
