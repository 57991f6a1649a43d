"""Builds a tiny checkpoint into the Hub's cache layout, where it is found like any downloaded one."""

import errno
import tempfile
from pathlib import Path

from adapters.video_model.library_output import take_over_output
from adapters.video_model.snapshot import RepositoryCache
from adapters.video_model.tiny.adapter import LORA_FILE, save_lora
from adapters.video_model.tiny.components import build_pipeline, build_upsamplers
from adapters.video_model.tiny.configuration import CHECKPOINTS, TinyCheckpoint
from adapters.video_model.tiny.processor import save_gemma4_processor
from adapters.video_model.tiny.revision import tiny_revision
from domain.errors import DiskFull, ModelUnavailable


def ensure_tiny_checkpoint(name: str, cache: RepositoryCache) -> None:
    """Have the checkpoint `name` in `cache`, building it if it is not there yet (about a second).

    Two processes may build at once: each works in a folder of its own, and renaming decides.

    Raises:
        ModelUnavailable: the cache cannot be written.
        DiskFull: there is no room for it.
    """
    revision = tiny_revision(name)
    try:
        if not cache.snapshot(revision).is_dir():
            _build_into(cache, revision, CHECKPOINTS[name])
        cache.set_ref("main", revision)
    except OSError as exc:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
            message = "There is no room on the disk for the built-in checkpoint"
            raise DiskFull(message) from exc
        message = (
            f"The built-in checkpoint {name} cannot be written into the Hub cache: "
            "set HF_HUB_CACHE to a folder that can be written"
        )
        raise ModelUnavailable(message) from exc


def _build_into(cache: RepositoryCache, revision: str, checkpoint: TinyCheckpoint) -> None:
    snapshot = cache.snapshot(revision)
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    (cache.root / "blobs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.root, prefix=".building-") as folder:
        built = Path(folder) / revision
        save_checkpoint(checkpoint, built)
        try:
            built.rename(snapshot)
        except OSError:
            if not snapshot.is_dir():  # else another process was first, with the same bytes
                raise


def save_checkpoint(checkpoint: TinyCheckpoint, folder: Path) -> None:
    """Write every file of the snapshot to `folder`, the same bytes in every process.

    The latent upsamplers' folders and the LoRA file lie beside the pipeline's components and are not in
    `model_index.json`, as in Lightricks' own repositories. Nor is Gemma 4's `processor/`: with it a plain
    `from_pretrained` needs torchvision.
    """
    take_over_output()
    pipeline = build_pipeline(checkpoint)
    pipeline.save_pretrained(folder)
    for name, upsampler in build_upsamplers(checkpoint).items():
        upsampler.save_pretrained(folder / name)
    if checkpoint.language_model == "gemma 4":
        save_gemma4_processor(folder / "processor")
    if checkpoint.has_distilled_lora:
        save_lora(pipeline.transformer, folder / LORA_FILE)
