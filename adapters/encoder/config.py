"""What the encoder is configured with."""

import attrs


@attrs.frozen(kw_only=True)
class EncoderConfig:
    """x264's speed and quality, VP9's quality, and the bit rate of the sound.

    veryfast and CRF 18 reach the SSIM of `diffusers.utils.encode_video` at its speed or better; the makers' own
    encoder uses veryfast and CRF 19. 192 kbit/s is transparent for stereo AAC, and for Opus all the more. VP9 counts
    otherwise: its CRF 24 has the PSNR of x264's 18 (docs/formats.md).
    """

    preset: str = "veryfast"
    crf: int = 18
    vp9_crf: int = 24
    audio_bit_rate: int = 192_000
