"""From single variables to the config classes that the adapters take."""

import os
from pathlib import Path
from typing import Final

from adapters.http.config import HttpConfig
from adapters.object_store.config import LocalConfig, SupabaseConfig
from adapters.settings.schema import LogSettings, Settings, StoreSettings
from adapters.settings.variables import Variables
from adapters.video_model.config import Acceleration, ModelConfig
from domain.plan import Limits

NETWORK_VOLUME: Final = Path("/runpod-volume")
"""Where RunPod mounts a Serverless endpoint's network volume, the only disk that outlives a worker."""


def assemble(variables: Variables, network_volume: Path = NETWORK_VOLUME) -> Settings:
    """The settings that checked variables mean."""
    on_runpod = bool(variables.RUNPOD_POD_ID or variables.RUNPOD_WEBHOOK_GET_JOB)
    return Settings(
        model=_model(variables),
        store=StoreSettings(
            backend=variables.STORAGE_BACKEND,
            supabase=_supabase(variables) if variables.STORAGE_BACKEND == "supabase" else None,
            local=_local(variables) if variables.STORAGE_BACKEND == "local" else None,
            outbox=variables.OUTBOX_DIR or (_outbox_on(network_volume) if on_runpod else None),
        ),
        http=HttpConfig(
            private_hosts=variables.INPUT_ALLOW_PRIVATE_HOSTS.names,
            private_networks=variables.INPUT_ALLOW_PRIVATE_HOSTS.networks,
            allow_http=variables.INPUT_ALLOW_HTTP,
        ),
        limits=Limits(num_frames=variables.MAX_NUM_FRAMES, pixels=variables.MAX_PIXELS, seconds=variables.MAX_SECONDS),
        log=LogSettings(level=variables.LOG_LEVEL, format=variables.LOG_FORMAT),
        job_timeout_seconds=variables.JOB_TIMEOUT_SECONDS,
        max_jobs_per_worker=variables.MAX_JOBS_PER_WORKER,
        record_prompts=variables.RECORD_PROMPTS,
        on_runpod=on_runpod,
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


def _supabase(variables: Variables) -> SupabaseConfig | None:
    key = variables.SUPABASE_SECRET_KEY or variables.SUPABASE_SERVICE_ROLE_KEY
    if variables.SUPABASE_URL is None or key is None:
        return None
    return SupabaseConfig(
        url=variables.SUPABASE_URL,
        key=key,
        bucket=variables.SUPABASE_BUCKET,
        prefix=variables.SUPABASE_PREFIX,
        public=variables.SUPABASE_PUBLIC,
        signed_url_seconds=variables.SUPABASE_SIGNED_URL_TTL_SECONDS,
    )


def _local(variables: Variables) -> LocalConfig:
    return LocalConfig() if variables.LOCAL_STORE_DIR is None else LocalConfig(root=variables.LOCAL_STORE_DIR)


def _outbox_on(volume: Path) -> Path | None:
    return volume / "ltx2-outbox" if volume.is_dir() and os.access(volume, os.W_OK) else None
