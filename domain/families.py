"""The generations of LTX-2, as data. All of them run on the same diffusers classes.

Values are those of Lightricks' own packages (ltx-pipelines 1.2.0, `constants.py`, github.com/Lightricks/LTX-2)
unless a line says otherwise.
"""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Family:
    """One generation of LTX-2."""

    name: str
    stg_block: int
    """The transformer block that spatio-temporal guidance perturbs."""
    use_cross_timestep: bool
    image_crf: int
    """H.264 CRF at which an input picture is re-compressed, as in training; without it i2v freezes."""
    official_steps: int
    """Steps of the makers' recipe for a dev checkpoint."""
    ancestral_base: bool = False
    """Whether the makers sample the first distilled stage with ancestral noise."""


LTX_2: Final = Family(name="ltx-2", stg_block=29, use_cross_timestep=False, image_crf=33, official_steps=40)
LTX_2_3: Final = Family(name="ltx-2.3", stg_block=28, use_cross_timestep=True, image_crf=33, official_steps=30)
LTX_2_5: Final = Family(
    name="ltx-2.5", stg_block=28, use_cross_timestep=True, image_crf=18, official_steps=30, ancestral_base=True
)

FAMILIES: Final = {family.name: family for family in (LTX_2, LTX_2_3, LTX_2_5)}

TRAINED_SECONDS: Final = 20
"""The positions that the models were trained on span 20 seconds (ltx-pipelines clamps the duration to it)."""
