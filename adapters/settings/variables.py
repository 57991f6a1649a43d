"""The environment variables: one table for the reader, for its messages and for docs/configuration.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.object_store.config import Backend
from adapters.settings.hosts import PrivateHosts
from adapters.settings.schema import LogFormat, LogLevel
from adapters.settings.values import (
    Attention,
    BucketName,
    Bytes,
    ClipSeconds,
    Count,
    Device,
    Jobs,
    Lifetime,
    ModelName,
    Pixels,
    Prefix,
    ProjectUrl,
    Revision,
    ServerKey,
    Timeout,
)
from adapters.video_model.config import BUILTIN_MODELS, DataType, FamilyName, ModelBackend, Quantization
from domain.memory import MemoryPolicy
from domain.plan import FULL_HD
from domain.secret import Secret

_FLAG: Final = "`true` or `false` (also 1/0, yes/no, on/off)"
_FOLDER: Final = "a folder"
_TOKEN: Final = "printable ASCII without spaces"  # noqa: S105 - words about a token
_ROW: Final = "variable"


@attrs.frozen(kw_only=True)
class Variable:
    """One row of the table."""

    default: str
    """As the docs show it."""
    accepted: str
    """Follows "must be"."""
    meaning: str
    secret: bool


def _variable(default: object, accepted: str, meaning: str, *, shown: str | None = None, secret: bool = False) -> Any:  # noqa: ANN401 - the type is that of the annotated field
    """Declare a variable. `shown` describes the default where its value does not."""
    if shown is None:
        shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
    row = Variable(default=shown, accepted=accepted, meaning=meaning, secret=secret)
    return attrs.field(default=default, metadata={_ROW: row})


@attrs.frozen(kw_only=True)
class Variables:
    """What the environment holds, each variable on its own. None: not set, and no fixed default."""

    MODEL_BACKEND: ModelBackend = _variable(
        "diffusers",
        "`diffusers` or `synthetic`",
        "`synthetic` makes a test card with a frame counter and a tone, without torch",
    )
    MODEL_NAME: ModelName = _variable(
        "Lightricks/LTX-2",
        f"a Hub name such as `Lightricks/LTX-2`, or {' or '.join(f'`{name}`' for name in BUILTIN_MODELS)}",
        "the checkpoint; the built-in ones are tiny, have random weights and are made on first use",
    )
    MODEL_PATH: Path | None = _variable(None, _FOLDER, "an explicit snapshot; wins over `MODEL_NAME`", shown="not set")
    MODEL_REVISION: Revision = _variable(
        "main", "a branch, a tag or a commit", "which snapshot of `MODEL_NAME`; resolved through `refs/`"
    )
    MODEL_DOWNLOAD: bool = _variable(
        True, _FLAG, "whether a snapshot that is not found is downloaded; `false` is recommended on RunPod"
    )
    MODEL_FAMILY: FamilyName | None = _variable(
        None,
        "`ltx-2`, `ltx-2.3` or `ltx-2.5`",
        "the recipes of this family, for a checkpoint whose own configuration does not tell",
        shown="recognised",
    )
    MODEL_DISTILLED: bool | None = _variable(
        None,
        _FLAG,
        "whether the checkpoint is a distilled one, where its scheduler's configuration does not tell",
        shown="recognised",
    )
    DEVICE: Device | None = _variable(
        None, "`cuda`, `cuda:N` or `cpu`", "where the model runs", shown="`cuda` if there is one, else `cpu`"
    )
    DTYPE: DataType = _variable(
        "bfloat16",
        "`bfloat16`, `float16` or `float32`",
        "number format of the weights; in `float16` the text encoder overflows, and it saves nothing",
    )
    MEMORY_POLICY: MemoryPolicy | None = _variable(
        None,
        "`resident`, `text_offload`, `model_offload`, `fp8`, `group_offload` or `leaf_offload`",
        "where the weights are kept, from the fastest to the leanest; only `fp8` changes the clips",
        shown="the fastest that fits",
    )
    PROMPT_ENHANCER: bool = _variable(
        False, _FLAG, "whether a checkpoint's separate prompt enhancer (2.5: 10 GB) is loaded for `enhance_prompt`"
    )
    PROMPT_CACHE_BYTES: Bytes = _variable(
        1 << 29,
        "a whole number of bytes, 0 or more",
        "host memory for encoded prompts (13 to 16 MB each); 0: each job encodes its own",
        shown="`536870912`",
    )
    LORA_DIR: Path | None = _variable(
        None,
        _FOLDER,
        "where the LoRA files are that requests may name; without it they may name those of the Hub only",
        shown="not set",
    )
    LORA_DOWNLOAD: bool = _variable(
        False, _FLAG, "whether a request may name a LoRA on the Hub that is not in the cache"
    )
    COMPILE: bool = _variable(
        False, _FLAG, "whether the transformer's blocks are compiled at start; longer to start, faster steps"
    )
    COMPILE_CACHE_DIR: Path | None = _variable(
        None,
        _FOLDER,
        "where compiled kernels are kept between workers; whoever can write there runs code in the worker",
        shown="not set",
    )
    ATTENTION_BACKEND: Attention | None = _variable(
        None, "a diffusers attention backend such as `_native_cudnn`", "how attention is computed", shown="`native`"
    )
    QUANTIZATION: Quantization | None = _variable(
        None,
        "`int8` or `fp8`",
        "arithmetic of the transformer's large layers, through torchao, which must be installed; changes the clips",
        shown="none",
    )
    HF_HOME: Path | None = _variable(
        None, _FOLDER, "the Hub's home; its cache is `hub` below", shown="`~/.cache/huggingface`"
    )
    HF_HUB_CACHE: Path | None = _variable(
        None, _FOLDER, "the Hub's cache, the folder that holds `models--…`", shown="`$HF_HOME/hub`"
    )
    TRANSFORMERS_CACHE: Path | None = _variable(
        None,
        _FOLDER,
        "the same by its old name; counts only where neither `HF_HUB_CACHE` nor `HF_HOME` is set",
        shown="not set",
    )
    HF_TOKEN: Secret | None = _variable(None, _TOKEN, "a token for gated models", shown="not set", secret=True)
    STORAGE_BACKEND: Backend = _variable(
        "supabase", "`supabase` or `local`", "where finished clips go; `local` is for development"
    )
    SUPABASE_URL: ProjectUrl | None = _variable(
        None,
        "the project's https URL such as `https://abcdefgh.supabase.co` (http only for loopback hosts)",
        "the project; a trailing slash and a pasted `/rest/v1`, `/storage/v1` or `/auth/v1` are dropped",
        shown="required for `supabase`",
    )
    SUPABASE_SERVICE_ROLE_KEY: ServerKey | None = _variable(
        None,
        "a legacy service_role key or an `sb_secret_…` key",
        "the key that may write; this or `SUPABASE_SECRET_KEY`",
        shown="required for `supabase`",
        secret=True,
    )
    SUPABASE_SECRET_KEY: ServerKey | None = _variable(
        None,
        "an `sb_secret_…` key or a legacy service_role key",
        "the same by its new name; wins over `SUPABASE_SERVICE_ROLE_KEY`",
        shown="not set",
        secret=True,
    )
    SUPABASE_BUCKET: BucketName = _variable(
        "ltx2-outputs", "a name of letters, digits, `.`, `_` and `-`", "the bucket; it must exist"
    )
    SUPABASE_PREFIX: Prefix = _variable(
        "ltx2", "names of letters, digits, `.`, `_` and `-`, joined by `/`", "first part of every object's path"
    )
    SUPABASE_PUBLIC: bool = _variable(
        False, _FLAG, "whether the bucket is public: replies then hold public URLs instead of signed ones"
    )
    SUPABASE_SIGNED_URL_TTL_SECONDS: Lifetime = _variable(
        86_400, "a whole number of seconds, 1 to 315360000", "how long a signed URL works"
    )
    LOCAL_STORE_DIR: Path | None = _variable(
        None, _FOLDER, "where the `local` store keeps its files; on RunPod it must be set", shown="`outputs`"
    )
    OUTBOX_DIR: Path | None = _variable(
        None,
        _FOLDER,
        "where a clip waits that the store did not take; workers may share it",
        shown="`/runpod-volume/ltx2-outbox` on RunPod with a network volume that can be written, else none",
    )
    RECORD_PROMPTS: bool = _variable(
        True, _FLAG, "whether the records of finished jobs, which lie in the store beside the clips, hold the prompts"
    )
    MAX_NUM_FRAMES: Count = _variable(1025, "a whole number, 1 or more", "most frames of a clip")
    MAX_PIXELS: Pixels = _variable(FULL_HD.pixels, "a whole number, 4096 or more", "largest width x height of a clip")
    MAX_SECONDS: ClipSeconds = _variable(20.0, "a number, 1 or more", "longest clip: frames / fps", shown="`20`")
    JOB_TIMEOUT_SECONDS: Timeout = _variable(
        0.0,
        "a number, 0 or more",
        "time budget of a RunPod job that brings no `policy.executionTimeout`; 0: none. "
        "Recommended is the endpoint's limit minus 30",
        shown="`0`",
    )
    MAX_JOBS_PER_WORKER: Jobs = _variable(
        0,
        "a whole number, 0 or more",
        "after how many answered jobs the platform is asked for a fresh worker; 0: never",
    )
    INPUT_ALLOW_PRIVATE_HOSTS: PrivateHosts = _variable(
        PrivateHosts(),
        "host names and CIDR blocks, separated by commas",
        "whom input pictures may come from although they are not public, also over plain http",
        shown="none",
    )
    INPUT_ALLOW_HTTP: bool = _variable(False, _FLAG, "whether input pictures may come over plain http")
    LOG_LEVEL: LogLevel = _variable("info", "`debug`, `info`, `warning` or `error`", "the least level that is logged")
    LOG_FORMAT: LogFormat | None = _variable(
        None, "`json` or `console`", "how log lines look", shown="`console` if stderr is a terminal, else `json`"
    )
    RUNPOD_POD_ID: str | None = _variable(
        None, "anything", "set by RunPod, not by you: tells that the worker runs there", shown="not set"
    )
    RUNPOD_WEBHOOK_GET_JOB: str | None = _variable(
        None, "anything", "set by RunPod, not by you: tells that the worker runs there", shown="not set", secret=True
    )


TABLE: Final[Mapping[str, Variable]] = {field.name: field.metadata[_ROW] for field in attrs.fields(Variables)}
"""The rows by name, in the order in which they are reported and documented."""
