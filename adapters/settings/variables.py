"""The environment variables: one table for the reader, for its messages and for docs/configuration.md."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import attrs

from adapters.encoder.config import ENCODINGS, Encoding, Preset
from adapters.http.allowed_hosts import AllowedHosts
from adapters.object_store.config import Backend
from adapters.settings.hosts import PrivateHosts
from adapters.settings.model_variables import ModelVariables
from adapters.settings.schema import LogFormat, LogLevel
from adapters.settings.stores.registry import STORES
from adapters.settings.values import ClipSeconds, Count, Crf, Depth, Jobs, Pixels, Prefix, Timeout
from adapters.settings.variable import FLAG, FOLDER, NOT_SET, Variable, rows_of, variable
from adapters.settings.webhooks import OperatorsUrl, SigningSecrets
from domain.limits import FULL_HD

_OF_ENCODING: Final = "that of `MP4_ENCODING`"


@attrs.frozen(kw_only=True)
class Variables(ModelVariables):
    """What the environment holds but for the stores' own variables. None: not set, and no fixed default."""

    STORAGE_BACKEND: Backend = variable(
        "supabase", "`supabase`, `s3`, `gcs`, `azure` or `local`", "where finished clips go; `local` is for development"
    )
    OUTBOX_DIR: Path | None = variable(
        None,
        FOLDER,
        "where a clip waits that the store did not take; workers may share it",
        shown="`/runpod-volume/ltx2-outbox` on RunPod with a network volume that can be written, else none",
    )
    RECORD_PROMPTS: bool = variable(
        True, FLAG, "whether the records of finished jobs, which lie in the store beside the clips, hold the prompts"
    )
    MAX_NUM_FRAMES: Count = variable(1025, "a whole number, 1 or more", "most frames of a clip")
    MAX_PIXELS: Pixels = variable(FULL_HD.pixels, "a whole number, 4096 or more", "largest width x height of a clip")
    MAX_SECONDS: ClipSeconds = variable(20.0, "a number, 1 or more", "longest clip: frames / fps", shown="`20`")
    JOB_TIMEOUT_SECONDS: Timeout = variable(
        0.0,
        "a number, 0 or more",
        "time budget of a RunPod job that brings no `policy.executionTimeout`; 0: none. "
        "Recommended is the endpoint's limit minus 30",
        shown="`0`",
    )
    MAX_JOBS_PER_WORKER: Jobs = variable(
        0,
        "a whole number, 0 or more",
        "after how many answered jobs the platform is asked for a fresh worker; 0: never",
    )
    PIPELINE_DEPTH: Depth = variable(
        1,
        "a whole number, 1 to 4",
        "how many RunPod jobs are in hand at once, one of them on the device (docs/operations/queue.md)",
        shown="`1`: the next job is taken when the last one has ended",
    )
    MP4_ENCODING: Encoding = variable(
        "balanced",
        "`balanced` or `fast`",
        "x264's preset and CRF: "
        + ", ".join(f"`{name}` is {pair.preset} and {pair.crf}" for name, pair in ENCODINGS.items())
        + " (docs/formats.md)",
    )
    MP4_PRESET: Preset | None = variable(
        None,
        ", ".join(f"`{preset}`" for preset in get_args(Preset)[:-1]) + f" or `{get_args(Preset)[-1]}`",
        "x264's preset, instead of that of `MP4_ENCODING`",
        shown=_OF_ENCODING,
    )
    MP4_CRF: Crf | None = variable(
        None,
        "a whole number, 1 to 51",
        "x264's constant rate factor, lower is better and larger, instead of that of `MP4_ENCODING`",
        shown=_OF_ENCODING,
    )
    INPUT_ALLOW_PRIVATE_HOSTS: PrivateHosts = variable(
        PrivateHosts(),
        "host names and CIDR blocks, separated by commas",
        "whom input pictures may come from although they are not public, also over plain http",
        shown="none",
    )
    INPUT_ALLOWED_HOSTS: AllowedHosts = variable(
        AllowedHosts(),
        "host names, addresses and suffixes such as `.example.com`, separated by commas",
        "the only hosts that inputs may come from, redirects included; the strongest protection where they are known",
        shown="any public host",
    )
    INPUT_PREFIX: Prefix | None = variable(
        None,
        "names of letters, digits, `.`, `_` and `-`, joined by `/`",
        "first part of the paths of input pictures that lie in the store: what `image_path` may lead to",
        shown="not set: `image_path` is refused",
    )
    UPLOAD_ALLOWED_HOSTS: AllowedHosts = variable(
        AllowedHosts(),
        "host names, addresses and suffixes such as `.example.com`, separated by commas",
        "where jobs may have their clips put (`upload_url`, `s3Config`) instead of into the store",
        shown="none: both are refused",
    )
    INPUT_ALLOW_HTTP: bool = variable(False, FLAG, "whether input pictures may come over plain http")
    WEBHOOK_URL: OperatorsUrl | None = variable(
        None,
        "an https URL (http for loopback and for hosts of `INPUT_ALLOW_PRIVATE_HOSTS`)",
        "who is told of every job that ends (docs/webhooks.md); its host needs no list",
        shown=NOT_SET,
        secret=True,
    )
    WEBHOOK_ALLOWED_HOSTS: AllowedHosts = variable(
        AllowedHosts(),
        "host names, addresses and suffixes such as `.example.com`, separated by commas",
        "whom a request may have told of its end (`webhook_url`)",
        shown="none: `webhook_url` is refused",
    )
    WEBHOOK_SECRET: SigningSecrets | None = variable(
        None,
        "`whsec_` and base64 of 24 to 64 bytes; several are separated by spaces or commas",
        "what webhooks are signed with; during a rotation the new one and the old one",
        shown="required for `WEBHOOK_URL` and `WEBHOOK_ALLOWED_HOSTS`",
        secret=True,
    )
    LOG_LEVEL: LogLevel = variable("info", "`debug`, `info`, `warning` or `error`", "the least level that is logged")
    LOG_FORMAT: LogFormat | None = variable(
        None, "`json` or `console`", "how log lines look", shown="`console` if stderr is a terminal, else `json`"
    )
    RUNPOD_POD_ID: str | None = variable(
        None, "anything", "set by RunPod, not by you: tells that the worker runs there", shown=NOT_SET
    )
    RUNPOD_WEBHOOK_GET_JOB: str | None = variable(
        None, "anything", "set by RunPod, not by you: tells that the worker runs there", shown=NOT_SET, secret=True
    )


def _groups() -> Iterator[type[Any]]:
    yield Variables
    for kind in STORES.values():
        yield kind.variables


def _rows() -> Iterator[tuple[str, Variable]]:
    for name, row in rows_of(Variables).items():
        yield name, row
        if name == "STORAGE_BACKEND":
            for kind in STORES.values():
                yield from rows_of(kind.variables).items()


TABLE: Final[Mapping[str, Variable]] = dict(_rows())
"""The rows by name, in the order in which they are reported and documented: a store's after STORAGE_BACKEND."""

KINDS: Final[Mapping[str, Any]] = {name: kind for group in _groups() for name, kind in get_type_hints(group).items()}
"""The types by name."""
