"""The profile of a checkpoint, which its files tell but for one thing."""

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.device import chosen_device, device_name
from adapters.video_model.diffusers.location import find
from adapters.video_model.diffusers.source import CheckpointSource, budget_for, snapshot_source
from domain.errors import ModelUnavailable
from domain.families import FAMILIES
from domain.memory import MemoryBudget
from domain.profile import Checkpoint, ModelProfile


def describe(config: ModelConfig) -> ModelProfile:
    """The profile of what `config` means, from its configuration files and the headers of its weights.

    An enhancer counts as there if its folders are: whether its processor has a chat template shows when it is loaded.

    Raises:
        ModelUnavailable: the checkpoint is incomplete, or was not downloaded yet.
        SettingsInvalid: a setting asks for what this machine cannot do.
        OutOfMemory: the device cannot take it.
    """
    if find(config) is None:
        message = f"{config.name} is not in the Hub cache: what it can do is known once it is downloaded"
        raise ModelUnavailable(message)
    source = snapshot_source(config)
    device = chosen_device(config.device)
    return profile_of(source, device, budget_for(config, source, device), can_enhance=source.facts.can_enhance)


def profile_of(source: CheckpointSource, device: str, budget: MemoryBudget, *, can_enhance: bool) -> ModelProfile:
    """The profile of a checkpoint on its device; `can_enhance`: whether its files and settings give an enhancer."""
    found = source.facts
    checkpoint = Checkpoint(
        family=FAMILIES[found.family],
        is_distilled=found.is_distilled,
        transformer_layers=found.transformer_layers,
        has_perturbed_attention=found.has_perturbed_attention,
        has_upsampler=found.has_upsampler,
        has_temporal_upsampler=found.has_temporal_upsampler,
        distilled_lora_bytes=None if found.distilled_lora is None else found.distilled_lora.stat().st_size,
        has_duration_head=found.has_duration_head,
        can_enhance=can_enhance,
    )
    return ModelProfile(
        name=source.name,
        revision=source.revision,
        checkpoint=checkpoint,
        device=device_name(device),
        memory=budget if device.startswith("cuda") else None,
    )
