"""The guidance scales of a denoising run, and what they cost."""

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


def forwards_per_step(video: Guidance, audio: Guidance) -> int:
    """Forward passes of the transformer in one step (`LTX2Pipeline.__call__` of diffusers 0.42.1).

    One for prompt and negative prompt together, one for spatio-temporal guidance, one with the modalities
    isolated; each of the latter two where either modality asks for it.
    """
    has_stg = video.stg_scale > 0 or audio.stg_scale > 0
    has_isolation = video.modality_scale > 1 or audio.modality_scale > 1
    return 1 + has_stg + has_isolation
