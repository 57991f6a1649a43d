"""Downloads a checkpoint from the Hub: what the worker loads, and nothing else of a repository of 200 GB."""

from pathlib import Path
from typing import Final

import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.inventory import COMPONENTS, ENHANCER, OPTIONAL
from adapters.video_model.diffusers.recognition import is_distilled, newest_distilled_lora, read_config
from adapters.video_model.library_output import hand_lines_on
from adapters.video_model.snapshot import Snapshot
from domain.errors import ModelUnavailable

_SCHEDULER: Final = "scheduler/scheduler_config.json"

_log: Final = structlog.get_logger()


def download(config: ModelConfig) -> Snapshot:
    """The snapshot of `config.name` at `config.revision`, fetched into `config.hub_cache`.

    A dev checkpoint's distilled LoRA comes with it (the quality preset needs it), which its scheduler's configuration
    decides: that file is fetched first.

    Raises:
        ModelUnavailable: the Hub does not answer, refuses, or has not got a file; or the disk is full.
    """
    import httpx2  # noqa: PLC0415 - the Hub client's transport; only where something is downloaded
    from huggingface_hub.errors import EntryNotFoundError  # noqa: PLC0415

    hand_lines_on()
    _log.warning("Cached model not found, will download from HuggingFace", model=config.name, revision=config.revision)
    try:
        return _fetch(config)
    except (EntryNotFoundError, httpx2.HTTPError, OSError) as exc:
        message = (
            f"{config.name} (revision {config.revision}) could not be downloaded from HuggingFace: "
            f"{type(exc).__name__}. Check MODEL_NAME, MODEL_REVISION, HF_TOKEN for a gated model, and the disk's room"
        )
        raise ModelUnavailable(message) from exc


def _fetch(config: ModelConfig) -> Snapshot:
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415

    token = config.token.reveal() if config.token else None
    info = HfApi(token=token).model_info(config.name, revision=config.revision)
    files = [file.rfilename for file in info.siblings or ()]

    def fetched(*patterns: str) -> Path:
        return Path(
            snapshot_download(
                config.name,
                revision=config.revision,
                cache_dir=config.hub_cache.expanduser(),
                token=token,
                allow_patterns=list(patterns),
            )
        )

    snapshot = fetched(_SCHEDULER)
    lora = None if is_distilled(read_config(snapshot, _SCHEDULER), config) else newest_distilled_lora(files)
    folders = (*COMPONENTS, *OPTIONAL, *((ENHANCER,) if config.prompt_enhancer else ()))
    path = fetched("model_index.json", *(f"{folder}/*" for folder in folders), *((lora,) if lora else ()))
    return Snapshot(path, path.name)
