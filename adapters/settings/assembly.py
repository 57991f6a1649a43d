"""From single variables to the config classes that the adapters take."""

import os
from pathlib import Path
from typing import Final

import attrs

from adapters.encoder.config import ENCODINGS, EncoderConfig
from adapters.http.config import HttpConfig
from adapters.object_store.config import StoreConfig
from adapters.settings.schema import LogSettings, Settings, StoreSettings
from adapters.settings.variables import Variables
from adapters.settings.webhooks import webhook_config
from adapters.video_model.config import Acceleration, ModelConfig
from domain.limits import Limits

NETWORK_VOLUME: Final = Path("/runpod-volume")
"""Where RunPod mounts a Serverless endpoint's network volume, the only disk that outlives a worker."""


def assemble(variables: Variables, store: StoreConfig, network_volume: Path = NETWORK_VOLUME) -> Settings:
    """The settings that checked variables mean; `store` is what those of the chosen store mean."""
    on_runpod = bool(variables.RUNPOD_POD_ID or variables.RUNPOD_WEBHOOK_GET_JOB)
    return Settings(
        model=_model(variables),
        store=StoreSettings(
            backend=variables.STORAGE_BACKEND,
            config=store,
            outbox=variables.OUTBOX_DIR or (_outbox_on(network_volume) if on_runpod else None),
        ),
        http=http_config(variables),
        input_hosts=attrs.evolve(variables.INPUT_ALLOWED_HOSTS, setting="INPUT_ALLOWED_HOSTS"),
        input_prefix=variables.INPUT_PREFIX,
        upload_hosts=attrs.evolve(variables.UPLOAD_ALLOWED_HOSTS, setting="UPLOAD_ALLOWED_HOSTS"),
        webhook=webhook_config(variables.WEBHOOK_URL, variables.WEBHOOK_ALLOWED_HOSTS, variables.WEBHOOK_SECRET),
        encoder=_encoder(variables),
        limits=Limits(num_frames=variables.MAX_NUM_FRAMES, pixels=variables.MAX_PIXELS, seconds=variables.MAX_SECONDS),
        log=LogSettings(level=variables.LOG_LEVEL, format=variables.LOG_FORMAT),
        job_timeout_seconds=variables.JOB_TIMEOUT_SECONDS,
        max_jobs_per_worker=variables.MAX_JOBS_PER_WORKER,
        pipeline_depth=variables.PIPELINE_DEPTH,
        record_prompts=variables.RECORD_PROMPTS,
        on_runpod=on_runpod,
    )


def http_config(variables: Variables) -> HttpConfig:
    """The rules for every request that a caller can steer."""
    return HttpConfig(
        private_hosts=variables.INPUT_ALLOW_PRIVATE_HOSTS.names,
        private_networks=variables.INPUT_ALLOW_PRIVATE_HOSTS.networks,
        allow_http=variables.INPUT_ALLOW_HTTP,
    )


def _encoder(variables: Variables) -> EncoderConfig:
    pair = ENCODINGS[variables.MP4_ENCODING]
    return EncoderConfig(
        preset=pair.preset if variables.MP4_PRESET is None else variables.MP4_PRESET,
        crf=pair.crf if variables.MP4_CRF is None else variables.MP4_CRF,
    )


def _model(variables: Variables) -> ModelConfig:
    return ModelConfig(
        backend=variables.MODEL_BACKEND,
        name=variables.MODEL_NAME,
        path=variables.MODEL_PATH,
        revision=variables.MODEL_REVISION,
        download=variables.MODEL_DOWNLOAD,
        device=variables.DEVICE,
        dtype=variables.DTYPE,
        hub_cache=_hub_cache(variables),
        token=variables.HF_TOKEN,
        family=variables.MODEL_FAMILY,
        memory_policy=variables.MEMORY_POLICY,
        lora_dir=variables.LORA_DIR,
        lora_download=variables.LORA_DOWNLOAD,
        prompt_enhancer=variables.PROMPT_ENHANCER,
        prompt_cache_bytes=variables.PROMPT_CACHE_BYTES,
        distilled=variables.MODEL_DISTILLED,
        acceleration=Acceleration(
            compile=variables.COMPILE,
            compile_cache=variables.COMPILE_CACHE_DIR,
            attention=variables.ATTENTION_BACKEND,
            quantization=variables.QUANTIZATION,
        ),
    )


def _hub_cache(variables: Variables) -> Path:
    """The folder that holds `models--…`, found as huggingface_hub finds it.

    TRANSFORMERS_CACHE named the same folder for transformers before version 5, which no longer reads it; it
    still stands in old endpoint settings, beside the two others or alone.
    """
    if variables.HF_HUB_CACHE is not None:
        return variables.HF_HUB_CACHE
    if variables.HF_HOME is not None:
        return variables.HF_HOME / "hub"
    return variables.TRANSFORMERS_CACHE or ModelConfig().hub_cache


def _outbox_on(volume: Path) -> Path | None:
    return volume / "ltx2-outbox" if volume.is_dir() and os.access(volume, os.W_OK) else None
