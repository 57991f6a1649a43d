"""The variables about the model: which one, where it lies, how it is kept and run."""

from pathlib import Path

import attrs

from adapters.settings.values import Attention, Bytes, Device, ModelName, Revision
from adapters.settings.variable import FLAG, FOLDER, NOT_SET, PRINTABLE, variable
from adapters.video_model.config import BUILTIN_MODELS, DataType, FamilyName, ModelBackend, Quantization
from domain.memory import MemoryPolicy
from domain.secret import Secret


@attrs.frozen(kw_only=True)
class ModelVariables:
    """Each variable on its own. None: not set, and no fixed default."""

    MODEL_BACKEND: ModelBackend = variable(
        "diffusers",
        "`diffusers` or `synthetic`",
        "`synthetic` makes a test card with a frame counter and a tone, without torch",
    )
    MODEL_NAME: ModelName = variable(
        "Lightricks/LTX-2",
        f"a Hub name such as `Lightricks/LTX-2`, or {' or '.join(f'`{name}`' for name in BUILTIN_MODELS)}",
        "the checkpoint; the built-in ones are tiny, have random weights and are made on first use",
    )
    MODEL_PATH: Path | None = variable(None, FOLDER, "an explicit snapshot; wins over `MODEL_NAME`", shown=NOT_SET)
    MODEL_REVISION: Revision = variable(
        "main", "a branch, a tag or a commit", "which snapshot of `MODEL_NAME`; resolved through `refs/`"
    )
    MODEL_DOWNLOAD: bool = variable(
        True, FLAG, "whether a snapshot that is not found is downloaded; `false` is recommended on RunPod"
    )
    MODEL_FAMILY: FamilyName | None = variable(
        None,
        "`ltx-2`, `ltx-2.3` or `ltx-2.5`",
        "the recipes of this family, for a checkpoint whose own configuration does not tell",
        shown="recognised",
    )
    MODEL_DISTILLED: bool | None = variable(
        None,
        FLAG,
        "whether the checkpoint is a distilled one, where its scheduler's configuration does not tell",
        shown="recognised",
    )
    DEVICE: Device | None = variable(
        None, "`cuda`, `cuda:N` or `cpu`", "where the model runs", shown="`cuda` if there is one, else `cpu`"
    )
    DTYPE: DataType = variable(
        "bfloat16",
        "`bfloat16`, `float16` or `float32`",
        "number format of the weights; in `float16` the text encoder overflows, and it saves nothing",
    )
    MEMORY_POLICY: MemoryPolicy | None = variable(
        None,
        "`resident`, `text_offload`, `model_offload`, `fp8`, `group_offload` or `leaf_offload`",
        "where the weights are kept, from the fastest to the leanest; only `fp8` changes the clips",
        shown="the fastest that fits",
    )
    PROMPT_ENHANCER: bool = variable(
        False, FLAG, "whether a checkpoint's separate prompt enhancer (2.5: 10 GB) is loaded for `enhance_prompt`"
    )
    PROMPT_CACHE_BYTES: Bytes = variable(
        1 << 29,
        "a whole number of bytes, 0 or more",
        "host memory for encoded prompts (13 to 16 MB each); 0: each job encodes its own",
        shown="`536870912`",
    )
    LORA_DIR: Path | None = variable(
        None,
        FOLDER,
        "where the LoRA files are that requests may name; without it they may name those of the Hub only",
        shown=NOT_SET,
    )
    LORA_DOWNLOAD: bool = variable(False, FLAG, "whether a request may name a LoRA on the Hub that is not in the cache")
    COMPILE: bool = variable(
        False, FLAG, "whether the transformer's blocks are compiled at start; longer to start, faster steps"
    )
    COMPILE_CACHE_DIR: Path | None = variable(
        None,
        FOLDER,
        "where compiled kernels are kept between workers; whoever can write there runs code in the worker",
        shown=NOT_SET,
    )
    ATTENTION_BACKEND: Attention | None = variable(
        None, "a diffusers attention backend such as `_native_cudnn`", "how attention is computed", shown="`native`"
    )
    QUANTIZATION: Quantization | None = variable(
        None,
        "`int8` or `fp8`",
        "arithmetic of the transformer's large layers, through torchao, which must be installed; changes the clips",
        shown="none",
    )
    HF_HOME: Path | None = variable(
        None, FOLDER, "the Hub's home; its cache is `hub` below", shown="`~/.cache/huggingface`"
    )
    HF_HUB_CACHE: Path | None = variable(
        None, FOLDER, "the Hub's cache, the folder that holds `models--…`", shown="`$HF_HOME/hub`"
    )
    TRANSFORMERS_CACHE: Path | None = variable(
        None,
        FOLDER,
        "the same by its old name; counts only where neither `HF_HUB_CACHE` nor `HF_HOME` is set",
        shown=NOT_SET,
    )
    HF_TOKEN: Secret | None = variable(None, PRINTABLE, "a token for gated models", shown=NOT_SET, secret=True)
