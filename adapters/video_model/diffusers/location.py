"""Finds the checkpoint's snapshot: explicit folder, built-in, RunPod's cached model, Hub cache, download."""

from pathlib import Path
from typing import Final

import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.library_output import hand_lines_on
from adapters.video_model.snapshot import RepositoryCache, Snapshot, missing_files
from domain.errors import ModelUnavailable

COMPONENTS: Final = (
    "scheduler",
    "tokenizer",
    "text_encoder",
    "connectors",
    "transformer",
    "vae",
    "audio_vae",
    "vocoder",
)
"""What a generation needs of a snapshot. The rest of a repository (single-file checkpoints, `transformer_full`,
the prompt enhancer) is neither looked for nor downloaded."""

RUNPOD_HUB_CACHE: Final = Path("/runpod-volume/huggingface-cache/hub")
"""Where RunPod keeps cached models (docs.runpod.io/serverless/endpoints/model-caching)."""

_BUILTIN: Final = "builtin/"
_NAMED: Final = 3
"""Missing files that a message names before it only counts."""

_log = structlog.get_logger()


def locate(config: ModelConfig) -> Snapshot:
    """The complete snapshot that `config` means, downloaded if need be.

    Raises:
        ModelUnavailable: none is complete; the message names the first missing files and what to do.
        DiskFull: no room for the built-in checkpoint.
    """
    return find(config) or _download(config)


def find(config: ModelConfig) -> Snapshot | None:
    """The complete snapshot that is on the disk; None: there is none, and `config` allows a download.

    Order: `config.path`; a built-in checkpoint, built on first use; `config.hub_cache`; RunPod's cached model.
    Raises what `locate` raises.
    """
    if config.path is not None:
        return _complete(Snapshot(config.path, "local"), "The snapshot in MODEL_PATH")
    if config.name.startswith(_BUILTIN):
        return _built_in(config)
    found = _cached(config)
    if config.download:
        return None if found is None or missing_files(found.path, COMPONENTS) else found
    if found is None:
        message = (
            f"No snapshot of {config.name} (revision {config.revision}) is in the Hub cache and MODEL_DOWNLOAD is "
            "false. Add the model under Cached Models in the endpoint's settings, or set MODEL_PATH to a snapshot"
        )
        raise ModelUnavailable(message)
    return _complete(found, f"The cached snapshot of {config.name}")


def _cached(config: ModelConfig, runpod_hub_cache: Path = RUNPOD_HUB_CACHE) -> Snapshot | None:
    """The first complete snapshot; else the first that there is, whose gaps a message can name."""
    caches = (RepositoryCache.of(hub_cache, config.name) for hub_cache in (config.hub_cache, runpod_hub_cache))
    found = [snapshot for cache in caches if (snapshot := cache.resolve(config.revision)) is not None]
    whole = (snapshot for snapshot in found if not missing_files(snapshot.path, COMPONENTS))
    return next(whole, found[0] if found else None)


def _built_in(config: ModelConfig) -> Snapshot:
    from adapters.video_model.tiny.checkpoint import ensure_tiny_checkpoint  # noqa: PLC0415 - imports diffusers

    cache = RepositoryCache.of(config.hub_cache, config.name)
    ensure_tiny_checkpoint(config.name, cache)
    found = cache.resolve("main")
    if found is None:
        message = f"The built-in checkpoint {config.name} vanished from the Hub cache while it was being read"
        raise ModelUnavailable(message)
    return _complete(found, f"The built-in checkpoint {config.name}")


def _download(config: ModelConfig) -> Snapshot:
    import httpx2  # noqa: PLC0415 - the Hub client's transport; only where something is downloaded
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    hand_lines_on()
    _log.warning("Cached model not found, will download from HuggingFace", model=config.name, revision=config.revision)
    try:
        path = snapshot_download(
            config.name,
            revision=config.revision,
            cache_dir=config.hub_cache.expanduser(),
            token=config.token.reveal() if config.token else None,
            allow_patterns=["model_index.json", *(f"{name}/*" for name in COMPONENTS)],
        )
    except (LocalEntryNotFoundError, httpx2.HTTPError, OSError) as exc:
        message = (
            f"{config.name} (revision {config.revision}) could not be downloaded from HuggingFace: "
            f"{type(exc).__name__}. Check MODEL_NAME, MODEL_REVISION, HF_TOKEN for a gated model, and the disk's room"
        )
        raise ModelUnavailable(message) from exc
    return _complete(Snapshot(Path(path), Path(path).name), f"The download of {config.name}")


def _complete(snapshot: Snapshot, what: str) -> Snapshot:
    missing = missing_files(snapshot.path, COMPONENTS)
    if missing:
        rest = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        message = f"{what} is incomplete, it lacks {', '.join(missing[:_NAMED])}{rest}"
        raise ModelUnavailable(message)
    return snapshot
