"""Snapshots of empty files: everything but weights that can be loaded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DIFFUSERS: Final = "diffusion_pytorch_model.safetensors"

DECLARED: Final[Mapping[str, Any]] = {
    "_class_name": "LTX2Pipeline",
    "scheduler": ["diffusers", "S"],
    "tokenizer": ["transformers", "T"],
    "text_encoder": ["transformers", "E"],
    "connectors": ["ltx2", "C"],
    "transformer": ["diffusers", "M"],
    "vae": ["diffusers", "V"],
    "audio_vae": ["diffusers", "A"],
    "vocoder": ["ltx2", "O"],
    "processor": [None, None],
}

CONFIGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "transformer/config.json": {"num_layers": 48},
    "scheduler/scheduler_config.json": {"use_dynamic_shifting": True},
    "vocoder/config.json": {"output_sampling_rate": 24000},
}

FILES: Final = (
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/tokenizer.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    *(
        f"{name}/{file}"
        for name in ("connectors", "transformer", "vae", "audio_vae", "vocoder")
        for file in ("config.json", DIFFUSERS)
    ),
)


def write_snapshot(root: Path, declared: Mapping[str, Any] = DECLARED, configs: Mapping[str, Any] = CONFIGS) -> Path:
    """A complete checkpoint at `root`, which must not exist."""
    root.mkdir()
    write(root, "model_index.json", declared)
    for file in FILES:
        write(root, file, {**CONFIGS, **configs}.get(file, {}))
    return root


def write(root: Path, file: str, content: object = "") -> None:
    path = root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_shards(root: Path, component: str, stem: str, shards: tuple[str, ...]) -> None:
    """Replace the weights of `component` by an index and `shards`."""
    (root / component / f"{stem}.safetensors").unlink()
    weights = {f"weight{number}": shard for number, shard in enumerate([*shards, *shards])}
    write(root, f"{component}/{stem}.safetensors.index.json", {"weight_map": weights})
    for shard in shards:
        write(root, f"{component}/{shard}")
