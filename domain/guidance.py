"""The guidance scales of a denoising run."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Guidance:
    """The four guidance scales of one modality, as `LTX2Pipeline` takes them."""

    guidance_scale: float
    stg_scale: float
    modality_scale: float
    rescale: float


GUIDANCE_OFF: Final = Guidance(guidance_scale=1.0, stg_scale=0.0, modality_scale=1.0, rescale=0.0)


def text_rows(video: Guidance, audio: Guidance) -> int:
    """Rows of the batch of the main forward pass: with and without the prompt, where either modality is guided."""
    return 2 if video.guidance_scale > 1 or audio.guidance_scale > 1 else 1
