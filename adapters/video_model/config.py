"""What the video models are configured with."""

from pathlib import Path
from typing import Final, Literal

import attrs

from domain.secret import Secret

ModelBackend = Literal["diffusers", "synthetic"]
DataType = Literal["bfloat16", "float16", "float32"]

BUILTIN_MODELS: Final = ("builtin/tiny", "builtin/tiny-2.3")
"""Names of the tiny random-weight checkpoints that are made on first use (`tiny/`)."""


@attrs.frozen(kw_only=True)
class ModelConfig:
    """Which checkpoint, where it is looked for, and where it runs.

    `path`: an explicit snapshot folder, wins over `name`. `hub_cache`: the Hub's cache folder, the one that holds
    `models--…`. `device` None: cuda if there is one, else cpu. `download`: whether a snapshot that is not found
    may be fetched from the Hub.
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
