"""Finds the checkpoint's snapshot: explicit folder, built-in, RunPod's cached model, Hub cache, download."""

from pathlib import Path
from typing import Final

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.inventory import damaged_files, missing_files
from adapters.video_model.diffusers.repository import download
from adapters.video_model.snapshot import RepositoryCache, Snapshot
from adapters.video_model.tiny.revision import tiny_revision
from domain.errors import ModelUnavailable

RUNPOD_HUB_CACHE: Final = Path("/runpod-volume/huggingface-cache/hub")
"""Where RunPod keeps cached models (docs.runpod.io/serverless/endpoints/model-caching)."""

_BUILTIN: Final = "builtin/"
_NAMED: Final = 3
"""Files that a message names before it only counts."""


def locate(config: ModelConfig) -> Snapshot:
    """The complete snapshot that `config` means, downloaded if need be.

    Raises:
        ModelUnavailable: none is complete and whole; the message names the first files that are not, and what to do.
        DiskFull: no room for the built-in checkpoint.
    """
    return find(config) or _complete(download(config), config, f"The download of {config.name}")


def find(config: ModelConfig) -> Snapshot | None:
    """The complete snapshot that is on the disk; None: there is none, and `config` allows a download.

    Order: `config.path`; a built-in checkpoint, built on first use; `config.hub_cache`; RunPod's cached model.
    Raises what `locate` raises.
    """
    if config.path is not None:
        return _complete(Snapshot(config.path, "local"), config, "The snapshot in MODEL_PATH")
    if config.name.startswith(_BUILTIN):
        return _built_in(config)
    found = _cached(config)
    if config.download and (found is None or missing_files(found.path, enhancer=config.prompt_enhancer)):
        return None
    if found is None:
        message = (
            f"No snapshot of {config.name} (revision {config.revision}) is in the Hub cache and MODEL_DOWNLOAD is "
            "false. Add the model under Cached Models in the endpoint's settings, or set MODEL_PATH to a snapshot"
        )
        raise ModelUnavailable(message)
    return _complete(found, config, f"The cached snapshot of {config.name}")


def find_ready(config: ModelConfig) -> Snapshot | None:
    """As `find`, without importing a library: None too for a built-in checkpoint that has to be built first."""
    if config.path is None and config.name.startswith(_BUILTIN) and _built(config) is None:
        return None
    return find(config)


def _cached(config: ModelConfig, runpod_hub_cache: Path = RUNPOD_HUB_CACHE) -> Snapshot | None:
    """The first complete snapshot; else the first that there is, whose gaps a message can name."""
    caches = (RepositoryCache.of(hub_cache, config.name) for hub_cache in (config.hub_cache, runpod_hub_cache))
    found = [snapshot for cache in caches if (snapshot := cache.resolve(config.revision)) is not None]
    whole = (snapshot for snapshot in found if not missing_files(snapshot.path, enhancer=config.prompt_enhancer))
    return next(whole, found[0] if found else None)


def _built_in(config: ModelConfig) -> Snapshot:
    found = _built(config)
    if found is None:
        from adapters.video_model.tiny.checkpoint import ensure_tiny_checkpoint  # noqa: PLC0415 - imports diffusers

        ensure_tiny_checkpoint(config.name, RepositoryCache.of(config.hub_cache, config.name))
        found = _built(config)
    if found is None:
        message = f"The built-in checkpoint {config.name} vanished from the Hub cache while it was being read"
        raise ModelUnavailable(message)
    return _complete(found, config, f"The built-in checkpoint {config.name}")


def _built(config: ModelConfig) -> Snapshot | None:
    """A built-in checkpoint as this version builds it."""
    found = RepositoryCache.of(config.hub_cache, config.name).resolve("main")
    return found if found is not None and found.revision == tiny_revision(config.name) else None


def _complete(snapshot: Snapshot, config: ModelConfig, what: str) -> Snapshot:
    missing = missing_files(snapshot.path, enhancer=config.prompt_enhancer)
    if missing:
        message = f"{what} is incomplete, it lacks {_listed(missing)}"
        raise ModelUnavailable(message)
    damaged = damaged_files(snapshot.path, enhancer=config.prompt_enhancer)
    if damaged:
        message = f"{what} is damaged, or its download was cut off: {_listed(damaged)}"
        raise ModelUnavailable(message)
    return snapshot


def _listed(files: tuple[str, ...]) -> str:
    rest = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join(files[:_NAMED]) + rest
