"""What the encoder is configured with."""

import attrs


@attrs.frozen(kw_only=True)
class EncoderConfig:
    """x264's speed and quality, and the bit rate of the sound.

    veryfast and CRF 18 reach the SSIM of `diffusers.utils.encode_video` at its speed or better; the makers' own
    encoder uses veryfast and CRF 19. 192 kbit/s is transparent for stereo AAC.
    """

    preset: str = "veryfast"
    crf: int = 18
    audio_bit_rate: int = 192_000
