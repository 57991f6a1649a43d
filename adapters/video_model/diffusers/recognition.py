"""Recognises a checkpoint's family and schedule from its own configuration files, never from its name."""

import json
from pathlib import Path
from typing import Any

from domain.errors import ModelUnavailable
from domain.profile import LTX_2, LTX_2_3, LTX_2_5, Family, Recipe, dev_recipe, distilled_recipe


def recognise_family(transformer: dict[str, Any]) -> Family:
    """The family that a `transformer/config.json` belongs to.

    2.3 added gated attention and modulated cross-attention; 2.5 dropped the feed-forward bias and embeds
    keyframe positions (`convert_ltx2_to_diffusers.py` of diffusers).
    """
    if transformer.get("use_keyframes_abs_pos_embedding") or transformer.get("ff_bias") is False:
        return LTX_2_5
    if transformer.get("cross_attn_mod") or transformer.get("gated_attn") or transformer.get("perturbed_attn"):
        return LTX_2_3
    return LTX_2


def recognise_recipe(family: Family, scheduler: dict[str, Any]) -> Recipe:
    """The recipe of a `scheduler/scheduler_config.json`: distilled checkpoints ship a static schedule."""
    return dev_recipe(family) if scheduler.get("use_dynamic_shifting") else distilled_recipe()


def read_config(snapshot: Path, file: str) -> dict[str, Any]:
    """A JSON object of the snapshot. Raises ModelUnavailable if it is none."""
    try:
        config = json.loads((snapshot / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        message = f"{file} of the checkpoint cannot be read"
        raise ModelUnavailable(message) from exc
    if not isinstance(config, dict):
        message = f"{file} of the checkpoint is no JSON object"
        raise ModelUnavailable(message)
    return config
