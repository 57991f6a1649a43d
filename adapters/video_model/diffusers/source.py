"""Where an engine's checkpoint comes from: what it is, what it weighs, and how its components are read."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.acceleration.switches import policies_with
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.device import free_bytes
from adapters.video_model.diffusers.inventory import parts
from adapters.video_model.diffusers.loading import TextReady, load_components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.memory.choice import choose_policy
from adapters.video_model.diffusers.memory.host import free_host_bytes
from adapters.video_model.diffusers.memory.sizes import dimensions, expected_bytes
from adapters.video_model.diffusers.recognition import CheckpointFacts, facts, read_config
from adapters.video_model.diffusers.weight_reading import WeightReading
from domain.activations import ModelDimensions
from domain.memory import MemoryBudget

_log: Final = structlog.get_logger()


@attrs.frozen(kw_only=True, eq=False)
class CheckpointSource:
    """A checkpoint that can be loaded.

    `weights`: bytes of each component in the dtype that is computed in. `read` gives the components, each with its
    weights on the device that the mapping names, else on the host; it calls `TextReady` in between, or does not.
    """

    name: str
    revision: str
    facts: CheckpointFacts
    dimensions: ModelDimensions
    weights: Mapping[str, int]
    read: Callable[[Mapping[str, str], TextReady], Components]


def snapshot_source(config: ModelConfig, reading: WeightReading | None = None) -> CheckpointSource:
    """The snapshot that `config` means, downloaded if need be. `reading` may have begun to read its weights.

    Raises:
        ModelUnavailable: it is missing or incomplete.
        DiskFull: there is no room for a built-in checkpoint.
    """
    snapshot = locate(config)
    found = facts(snapshot.path, config)
    if found.family != found.recognised:
        _log.warning("model.family_overridden", recognised=found.recognised, used=found.family)
    names = {part.name for part in parts(snapshot.path, enhancer=config.prompt_enhancer)}

    def read(devices: Mapping[str, str], text_ready: TextReady) -> Components:
        return load_components(
            snapshot.path,
            dtype=config.dtype,
            devices=devices,
            enhancer=config.prompt_enhancer,
            ahead=None if reading is None else reading.of(snapshot.path),
            text_ready=text_ready,
        )

    return CheckpointSource(
        name=config.name if config.path is None else config.path.name,
        revision=snapshot.revision,
        facts=found,
        dimensions=dimensions(
            read_config(snapshot.path, "transformer/config.json"),
            read_config(snapshot.path, "vae/config.json"),
            config.dtype,
        ),
        weights={name: size for name, size in expected_bytes(snapshot.path, config.dtype).items() if name in names},
        read=read,
    )


def budget_for(config: ModelConfig, source: CheckpointSource, device: str) -> MemoryBudget:
    """What there is room for, with the policy that follows. The CPU's memory is taken as enough for everything.

    Raises:
        SettingsInvalid: MEMORY_POLICY names a policy that cannot work here.
        OutOfMemory: no policy can.
    """
    device_bytes = free_bytes(device) if device.startswith("cuda") else None
    host_bytes = free_host_bytes()
    possible = policies_with(config.acceleration)
    policy = choose_policy(
        source.weights,
        device_bytes=device_bytes,
        host_bytes=host_bytes,
        dimensions=source.dimensions,
        forced=config.memory_policy,
        possible=possible,
    )
    return MemoryBudget(
        device_bytes=device_bytes or 0,
        host_bytes=host_bytes,
        weights=source.weights,
        policy=policy,
        dimensions=source.dimensions,
        policies=possible,
    )
