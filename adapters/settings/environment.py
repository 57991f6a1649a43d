"""The one reader of the environment: from a mapping of strings to checked settings, or to all that is wrong."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, get_type_hints

from cattrs import ClassValidationError

from adapters.settings.assembly import NETWORK_VOLUME, assemble
from adapters.settings.schema import Settings
from adapters.settings.values import settings_converter
from adapters.settings.variables import TABLE, Variables
from domain.errors import Fault, InvalidValue, SettingsInvalid
from domain.secret import Secret

_MASK: Final = "********"
_LOOKS_SECRET: Final = re.compile(r"eyJ|sb_secret|sb_publishable|hf_|@")
"""A key that was pasted into the wrong variable, or a URL with a password."""
_NAMES_SECRET: Final = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
"""Variables of others that hold secrets: the SDK's RUNPOD_AI_API_KEY, AWS_SECRET_ACCESS_KEY."""
_MAX_SHOWN: Final = 60
_HUB_FOLDERS: Final = ("HF_HUB_CACHE", "HF_HOME", "TRANSFORMERS_CACHE")


def read_settings(environ: Mapping[str, str], network_volume: Path = NETWORK_VOLUME) -> Settings:
    """The settings that `environ` holds. Values are stripped; an empty one counts as not set.

    Of the stores only the chosen one is looked at: a wrong SUPABASE_URL does not matter to the local store.
    Besides the table's variables HOME and XDG_CACHE_HOME are read, for folders that begin with "~" and for the
    Hub's default cache. Of the disk only `network_volume` is looked at: whether an outbox can be there.

    Raises:
        SettingsInvalid: with one fault for each wrong variable, in the table's order.
    """
    texts = {name: text for name in TABLE if (text := environ.get(name, "").strip())}
    if texts.get("STORAGE_BACKEND", "").lower() == "local":
        texts = {name: text for name, text in texts.items() if not name.startswith("SUPABASE_")}
    if not any(name in texts for name in _HUB_FOLDERS):
        texts["HF_HOME"] = (environ.get("XDG_CACHE_HOME", "").strip() or "~/.cache") + "/huggingface"
    variables, wrong = _structure(texts, environ.get("HOME", ""))
    faults = wrong | {fault.path: fault for fault in _missing(texts)}
    if faults:
        in_order = tuple(faults[name] for name in TABLE if name in faults)
        message = "Wrong settings: " + "; ".join(str(fault) for fault in in_order)
        raise SettingsInvalid(message, faults=in_order)
    return assemble(variables, network_volume)


def secrets_in(environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """Everything in `environ` that is secret by its name, whether or not it is used, for redaction."""
    return tuple(
        Secret(text.strip())
        for name, text in environ.items()
        if text.strip() and (TABLE[name].secret if name in TABLE else _NAMES_SECRET.search(name))
    )


def folders_in(environ: Mapping[str, str]) -> dict[str, Path]:
    """The absolute folders that variables of the table name, used or not, for redaction."""
    kinds = get_type_hints(Variables)
    texts = {name: environ.get(name, "").strip() for name in TABLE if kinds[name] in {Path, Path | None}}
    return {name: Path(text) for name, text in texts.items() if Path(text).is_absolute()}


def _structure(texts: Mapping[str, str], home: str) -> tuple[Variables, dict[str, Fault]]:
    """The variables that can be read, and a fault for each that cannot."""
    converter = settings_converter(home)
    try:
        return converter.structure(texts, Variables), {}
    except ClassValidationError as error:
        faults = {}
        for inner, note in error.group_exceptions()[0]:
            if not isinstance(inner, ValueError):
                raise
            faults[note.name] = Fault(note.name, _message(note.name, texts[note.name], inner))
        readable = {name: text for name, text in texts.items() if name not in faults}
        return converter.structure(readable, Variables), faults


def _message(name: str, text: str, error: ValueError) -> str:
    row = TABLE[name]
    wanted = error.message if isinstance(error, InvalidValue) else f"must be {_accepted(name)}"
    return f"{wanted}, got {_MASK if row.secret or _LOOKS_SECRET.search(text) else _shortened(text)}"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…")


def _accepted(name: str) -> str:
    return TABLE[name].accepted.replace("`", "")


def _missing(texts: Mapping[str, str]) -> Iterator[Fault]:
    """Faults of variables that others make necessary, and that are not set."""
    backend = texts.get("STORAGE_BACKEND", "supabase").lower()
    if backend == "supabase":
        needed = "is required for STORAGE_BACKEND=supabase"
        if "SUPABASE_URL" not in texts:
            yield Fault("SUPABASE_URL", f"{needed}: {_accepted('SUPABASE_URL')}")
        if not texts.keys() & {"SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SECRET_KEY"}:
            accepted = _accepted("SUPABASE_SERVICE_ROLE_KEY")
            yield Fault("SUPABASE_SERVICE_ROLE_KEY", f"(or SUPABASE_SECRET_KEY) {needed}: {accepted}")
    is_on_runpod = texts.keys() & {"RUNPOD_POD_ID", "RUNPOD_WEBHOOK_GET_JOB"}
    if backend == "local" and is_on_runpod and "LOCAL_STORE_DIR" not in texts:
        message = "must be set on RunPod, where a worker's files are lost with it; or use STORAGE_BACKEND=supabase"
        yield Fault("LOCAL_STORE_DIR", message)
