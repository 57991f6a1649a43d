"""Recognises what a checkpoint is from its own configuration files, never from its name."""

import re
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.video_model.config import FamilyName, ModelConfig
from adapters.video_model.diffusers.inventory import ENHANCER, parts, read_object
from adapters.video_model.diffusers.weight_files import is_whole
from domain.errors import Fault, ModelUnavailable, SettingsInvalid

_DISTILLED_LORA: Final = "distilled-lora"
_ORIGINAL: Final = (1, 0)
"""The version of a LoRA whose name has none."""


@attrs.frozen(kw_only=True)
class CheckpointFacts:
    """What a snapshot is and has."""

    family: FamilyName
    """MODEL_FAMILY, else `recognised`."""
    recognised: FamilyName
    """The family whose architecture the transformer's configuration describes."""
    is_distilled: bool
    """Whether the transformer was distilled to run eight fixed sigmas without guidance."""
    transformer_layers: int
    has_perturbed_attention: bool
    """Without it a pass of spatio-temporal guidance costs a full forward and changes nothing."""
    has_upsampler: bool
    has_temporal_upsampler: bool
    distilled_lora: Path | None
    """The LoRA at the snapshot's root that makes a dev transformer a distilled one."""
    has_duration_head: bool
    can_enhance: bool
    """Whether everything that rewrites a prompt is loaded."""
    audio_rate: int
    """Samples a second that the vocoder puts out: 24000 up to 2.0, 48000 since 2.3."""


def facts(snapshot: Path, config: ModelConfig) -> CheckpointFacts:
    """What the complete snapshot at `snapshot` is, and has under the settings `config`.

    `config.family` and `config.distilled` win over the snapshot's configuration. A family picks numbers (a block,
    a flag, an input's CRF), and every transformer runs with those of every family: there is nothing to refuse.

    Raises:
        ModelUnavailable: a configuration file cannot be read, or lacks what tells checkpoints apart.
    """
    transformer = read_config(snapshot, "transformer/config.json")
    recognised = recognise_family_name(transformer)
    found = {part.name for part in parts(snapshot, enhancer=config.prompt_enhancer)}
    # Up to 2.3 the text encoder itself rewrites prompts.
    enhancing = {"processor", ENHANCER} if recognised == "ltx-2.5" else {"processor"}
    return CheckpointFacts(
        family=config.family or recognised,
        recognised=recognised,
        is_distilled=is_distilled(read_config(snapshot, "scheduler/scheduler_config.json"), config),
        transformer_layers=_whole_number(transformer, "transformer", "num_layers"),
        has_perturbed_attention=bool(transformer.get("perturbed_attn")),
        has_upsampler="latent_upsampler" in found,
        has_temporal_upsampler="temporal_upsampler" in found and _is_temporal(snapshot),
        distilled_lora=find_distilled_lora(snapshot),
        has_duration_head="duration_head" in found,
        can_enhance=enhancing <= found,
        audio_rate=_whole_number(read_config(snapshot, "vocoder/config.json"), "vocoder", "output_sampling_rate"),
    )


def _is_temporal(snapshot: Path) -> bool:
    """Raises ModelUnavailable if the upsampler in the folder for a temporal one is another."""
    config = read_config(snapshot, "temporal_upsampler/config.json")
    if config.get("temporal_upsample") is True and config.get("spatial_upsample") is False:
        return True
    message = (
        "The checkpoint's temporal_upsampler is none: its config.json must have temporal_upsample true and "
        "spatial_upsample false"
    )
    raise ModelUnavailable(message)


def recognise_family_name(transformer: dict[str, Any]) -> FamilyName:
    """The family that a `transformer/config.json` belongs to.

    2.3 added gated attention and modulated cross-attention; 2.5 dropped the feed-forward bias and embeds
    keyframe positions (`convert_ltx2_to_diffusers.py` of diffusers).
    """
    if transformer.get("use_keyframes_abs_pos_embedding") or transformer.get("ff_bias") is False:
        return "ltx-2.5"
    if transformer.get("cross_attn_mod") or transformer.get("gated_attn") or transformer.get("perturbed_attn"):
        return "ltx-2.3"
    return "ltx-2"


def is_distilled(scheduler: dict[str, Any], config: ModelConfig) -> bool:
    """What `config` says, else a `scheduler/scheduler_config.json`.

    Distilled checkpoints ship a static schedule, dev checkpoints one that shifts with the clip's size.

    Raises:
        SettingsInvalid: a static schedule is to be run as a dev checkpoint's: it has no sigmas of its own.
    """
    is_static = not scheduler.get("use_dynamic_shifting")
    if config.distilled is False and is_static:
        fault = Fault("MODEL_DISTILLED", "is false, but the checkpoint's scheduler has no dynamic schedule")
        raise SettingsInvalid(str(fault), faults=(fault,))
    return is_static if config.distilled is None else config.distilled


def find_distilled_lora(snapshot: Path) -> Path | None:
    """The newest complete distilled LoRA at the root of `snapshot`; None: it has none."""
    whole = [file.name for file in snapshot.glob(f"*{_DISTILLED_LORA}*.safetensors") if is_whole(file)]
    name = newest_distilled_lora(whole)
    return snapshot / name if name else None


def newest_distilled_lora(files: list[str]) -> str | None:
    """The newest distilled LoRA among the paths of a repository that lie at its root.

    After "distilled-lora" a name has the rank and, from the second on, a version: `…-384.safetensors` came before
    `…-384-1.1.safetensors`. The highest version wins, then the highest rank, then the last name.
    """
    names = [name for name in files if _DISTILLED_LORA in name and "/" not in name and name.endswith(".safetensors")]
    return max(names, key=_age, default=None)


def read_config(snapshot: Path, file: str) -> dict[str, Any]:
    """A JSON object of the snapshot. Raises ModelUnavailable if it is none."""
    config = read_object(snapshot / file)
    if config is None:
        message = f"{file} of the checkpoint cannot be read, or is no JSON object"
        raise ModelUnavailable(message)
    return config


def _age(name: str) -> tuple[tuple[int, ...], int, str]:
    numbers = re.findall(r"\d+(?:\.\d+)*", name.rpartition(_DISTILLED_LORA)[2])
    versions = [tuple(int(digits) for digits in number.split(".")) for number in numbers if "." in number]
    ranks = [int(number) for number in numbers if "." not in number]
    return max(versions, default=_ORIGINAL), max(ranks, default=0), name


def _whole_number(config: dict[str, Any], component: str, key: str) -> int:
    value = config.get(key)
    if not isinstance(value, int):
        message = f"{component}/config.json of the checkpoint has no {key}"
        raise ModelUnavailable(message)
    return value
