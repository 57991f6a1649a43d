"""A checkpoint made ready to work: loaded, placed on its device, with all that is kept from job to job."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.acceleration import attention, switches
from adapters.video_model.diffusers.acceleration.compilation import uncompiled
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.description import profile_of
from adapters.video_model.diffusers.device import chosen_device
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.lora.library import LoraLibrary
from adapters.video_model.diffusers.lora.shelf import LoraPairs, LoraShelf
from adapters.video_model.diffusers.memory.choice import typical_need
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.memory.sizes import loaded_bytes
from adapters.video_model.diffusers.source import CheckpointSource, budget_for, snapshot_source
from adapters.video_model.diffusers.text.cache import EmbeddingCache
from adapters.video_model.diffusers.text.enhancement import can_enhance
from adapters.video_model.diffusers.text.first_prompt import encode_first_prompt
from adapters.video_model.diffusers.weight_reading import WeightReading
from domain.memory import MemoryBudget, keeps_on_host
from domain.profile import ModelProfile

_log: Final = structlog.get_logger()


@attrs.frozen(kw_only=True, eq=False)
class Engine:
    """What jobs work with. One at a time, apart from `profile`."""

    config: ModelConfig
    profile: ModelProfile
    components: Components
    residency: Residency
    budget: MemoryBudget
    distilled_lora: Path | None
    shelf: LoraShelf
    library: LoraLibrary
    texts: EmbeddingCache

    @property
    def device(self) -> str:
        return self.residency.device

    @contextmanager
    def transformer_context(self, loras: LoraPairs) -> Iterator[None]:
        """What the transformer runs in: the attention backend, and blocks as they were written beside LoRAs."""
        with ExitStack() as stack:
            stack.enter_context(attention.attention(self.config.acceleration.attention))
            if self.config.acceleration.compile and loras:
                stack.enter_context(uncompiled())
            yield


def load_engine(config: ModelConfig, reading: WeightReading | None = None) -> Engine:
    """Find, read and place the checkpoint that `config` means. `reading` may have begun to read its weights.

    Raises:
        ModelUnavailable: it is missing, incomplete or damaged.
        SettingsInvalid: a setting asks for what this machine cannot do.
        OutOfMemory, GpuFailed: the device did not take it.
    """
    return start_engine(config, snapshot_source(config, reading))


def start_engine(config: ModelConfig, source: CheckpointSource) -> Engine:
    """Read the checkpoint of `source` and place it. Raises what `load_engine` raises."""
    if config.dtype == "float16":
        _log.warning("model.float16_chosen", advice="the text encoder overflows in float16; bfloat16 is as small")
    device = chosen_device(config.device)
    budget = budget_for(config, source, device)
    switches.check(config.acceleration, budget.policy, device)
    on_device = {name: device for name in source.weights if not keeps_on_host(budget.policy, name)}
    texts = EmbeddingCache(config.prompt_cache_bytes)

    def text_ready(text_side: Components) -> None:
        if on_device.keys() >= {"text_encoder", "connectors"}:
            encode_first_prompt(text_side, device, texts, source.facts.family)

    components = source.read(on_device, text_ready)
    enhances = source.facts.can_enhance and can_enhance(components)
    profile = profile_of(source, device, budget, can_enhance=enhances)
    checkpoint = profile.checkpoint
    residency = Residency(components, budget.policy, device)
    with translated():
        residency.settle()
        with residency.using("transformer"):
            needs_stg = checkpoint.has_perturbed_attention and not checkpoint.is_distilled
            quantized = switches.activate(config.acceleration, components, device, needs_stg=needs_stg)
    if quantized is not None:
        _log.info("model.quantized", **attrs.asdict(quantized))
    _log.info(
        "model.loaded",
        model=profile.name,
        revision=profile.revision,
        family=checkpoint.family.name,
        kind="distilled" if checkpoint.is_distilled else "dev",
        device=profile.device,
        weight_bytes=sum(loaded_bytes(components).values()),
        policy=budget.policy,
    )
    return Engine(
        config=config,
        profile=profile,
        components=components,
        residency=residency,
        budget=budget,
        distilled_lora=source.facts.distilled_lora,
        shelf=_shelf(config, components, profile.memory),
        library=LoraLibrary(config=config),
        texts=texts,
    )


def _shelf(config: ModelConfig, components: Components, budget: MemoryBudget | None) -> LoraShelf:
    """Keeps what there is room for beside a typical clip; nothing where blocks are compiled, which it would wrap."""
    if config.acceleration.compile:
        return LoraShelf(components, max_count=0)
    if budget is None:
        return LoraShelf(components)
    return LoraShelf(components, max_bytes=max(0, budget.device_bytes - typical_need(budget)))
