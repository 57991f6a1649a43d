"""What the video models are configured with."""

from pathlib import Path
from typing import Final, Literal

import attrs

from domain.memory import MemoryPolicy
from domain.secret import Secret

ModelBackend = Literal["diffusers", "synthetic"]
DataType = Literal["bfloat16", "float16", "float32"]
FamilyName = Literal["ltx-2", "ltx-2.3", "ltx-2.5"]
Quantization = Literal["int8", "fp8"]

BUILTIN_MODELS: Final = ("builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5")
"""Names of the tiny random-weight checkpoints that are made on first use (`tiny/`)."""


@attrs.frozen(kw_only=True)
class Acceleration:
    """Switches that trade something for speed; all off by default.

    `compile`: regional torch.compile of the transformer's blocks, `compile_cache` where its results are kept
    between processes. `attention`: a diffusers attention backend. `quantization`: the arithmetic of the
    transformer's large layers.
    """

    compile: bool = False
    compile_cache: Path | None = None
    attention: str | None = None
    quantization: Quantization | None = None


@attrs.frozen(kw_only=True)
class ModelConfig:
    """Which checkpoint, where it is looked for, and where it runs.

    `path`: an explicit snapshot folder, wins over `name`. `hub_cache`: the Hub's cache folder, the one that holds
    `models--…`. `device` None: cuda if there is one, else cpu. `download`: whether a snapshot that is not found
    may be fetched from the Hub. `family`, `distilled` None: recognised from the checkpoint's configuration.
    `memory_policy` None: the fastest that fits. `lora_dir` None: a request may name no file. `lora_download`: whether
    it may name a repository that is not in the Hub's cache. `prompt_enhancer`: whether a checkpoint's separate prompt
    enhancer (2.5: 10 GB) is loaded. `prompt_cache_bytes`: host memory for the encoded texts of earlier jobs.
    """

    backend: ModelBackend = "diffusers"
    name: str = "Lightricks/LTX-2"
    path: Path | None = None
    revision: str = "main"
    download: bool = True
    device: str | None = None
    dtype: DataType = "bfloat16"
    hub_cache: Path = Path("~/.cache/huggingface/hub")
    token: Secret | None = None
    family: FamilyName | None = None
    distilled: bool | None = None
    memory_policy: MemoryPolicy | None = None
    lora_dir: Path | None = None
    lora_download: bool = False
    prompt_enhancer: bool = False
    prompt_cache_bytes: int = 1 << 29
    acceleration: Acceleration = Acceleration()
