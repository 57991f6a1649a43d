"""Builds a tiny checkpoint into the Hub's cache layout, where it is found like any downloaded one."""

import errno
import hashlib
import tempfile
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder, LTX2VocoderWithBWE
from transformers import Gemma3Config, Gemma3ForConditionalGeneration

from adapters.video_model.library_output import take_over_output
from adapters.video_model.snapshot import RepositoryCache
from adapters.video_model.tiny.configuration import AUDIO_VAE, CHECKPOINTS, SCHEDULER, TinyCheckpoint, text_config
from adapters.video_model.tiny.tokenizer import build_tokenizer, vocabulary
from domain.errors import DiskFull, ModelUnavailable

_BUILD: Final = "1"
"""Raise it with every change of a configuration or of the building: it names another revision."""
_SEED: Final = 2


def ensure_tiny_checkpoint(name: str, cache: RepositoryCache) -> None:
    """Have the checkpoint `name` in `cache`, building it if it is not there yet (about a second).

    Two processes may build at once: each works in a folder of its own, and renaming decides.

    Raises:
        ModelUnavailable: the cache cannot be written.
        DiskFull: there is no room for it.
    """
    revision = hashlib.sha1(f"{name} {_BUILD}".encode(), usedforsecurity=False).hexdigest()
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
        take_over_output()
        build_pipeline(checkpoint).save_pretrained(built)
        try:
            built.rename(snapshot)
        except OSError:
            if not snapshot.is_dir():  # else another process was first, with the same bytes
                raise


def build_pipeline(checkpoint: TinyCheckpoint) -> LTX2Pipeline:
    """All components with random weights in float32, each from a seed of its own: the same in every process."""
    vocabulary_ = vocabulary()
    vocoder_class = LTX2VocoderWithBWE if checkpoint.has_bandwidth_extension else LTX2Vocoder
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**SCHEDULER),
        tokenizer=build_tokenizer(),
        text_encoder=_seeded(Gemma3ForConditionalGeneration, config=Gemma3Config(**text_config(vocabulary_))),
        transformer=_seeded(LTX2VideoTransformer3DModel, **checkpoint.transformer),
        connectors=_seeded(LTX2TextConnectors, **checkpoint.connectors),
        vae=_seeded(AutoencoderKLLTX2Video, **checkpoint.vae),
        audio_vae=_seeded(AutoencoderKLLTX2Audio, **AUDIO_VAE),
        vocoder=_seeded(vocoder_class, **checkpoint.vocoder),
    )


def _seeded(component: type[Any], **arguments: Any) -> Any:  # noqa: ANN401 - diffusers' and transformers' classes have no types
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return component(**arguments)
