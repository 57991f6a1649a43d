"""The one reader of the environment: from a mapping of strings to checked settings, or to all that is wrong."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from cattrs import ClassValidationError, Converter

from adapters.object_store.config import StoreConfig
from adapters.settings.assembly import NETWORK_VOLUME, assemble, http_config
from adapters.settings.schema import Settings
from adapters.settings.stores.kind import StoreKind
from adapters.settings.stores.registry import STORES
from adapters.settings.values import settings_converter
from adapters.settings.variable import rows_of
from adapters.settings.variables import KINDS, TABLE, Variables
from adapters.settings.webhooks import webhook_faults
from domain.errors import Fault, InvalidValue, SettingsInvalid
from domain.secret import Secret

GroupT = TypeVar("GroupT")

_MASK: Final = "********"
_LOOKS_SECRET: Final = re.compile(r"eyJ|sb_secret|sb_publishable|whsec_|hf_|@")
"""A key that was pasted into the wrong variable, or a URL with a password."""
_NAMES_SECRET: Final = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
"""Variables of others that hold secrets: the SDK's RUNPOD_AI_API_KEY, AWS_SECRET_ACCESS_KEY."""
_MAX_SHOWN: Final = 60
_SET_BY_RUNPOD: Final = ("RUNPOD_POD_ID", "RUNPOD_WEBHOOK_GET_JOB")
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
    if not any(name in texts for name in _HUB_FOLDERS):
        texts["HF_HOME"] = (environ.get("XDG_CACHE_HOME", "").strip() or "~/.cache") + "/huggingface"
    home = environ.get("HOME", "")
    variables, faults = _structure(texts, Variables, settings_converter(home))
    store: StoreConfig | None = None
    if "STORAGE_BACKEND" not in faults:  # else it is not known whose variables matter
        store, of_store = _store(STORES[variables.STORAGE_BACKEND], texts, home)
        faults |= of_store
    of_webhooks = webhook_faults(texts, variables.WEBHOOK_URL, http_config(variables))
    faults |= {fault.path: fault for fault in of_webhooks if fault.path not in faults}
    if faults or store is None:
        in_order = tuple(faults[name] for name in TABLE if name in faults)
        message = "Wrong settings: " + "; ".join(str(fault) for fault in in_order)
        raise SettingsInvalid(message, faults=in_order)
    return assemble(variables, store, network_volume)


def secrets_in(environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """Everything in `environ` that is secret by its name, whether or not it is used, for redaction."""
    return tuple(
        Secret(text.strip())
        for name, text in environ.items()
        if text.strip() and (TABLE[name].secret if name in TABLE else _NAMES_SECRET.search(name))
    )


def folders_in(environ: Mapping[str, str]) -> dict[str, Path]:
    """The absolute folders that variables of the table name, used or not, for redaction."""
    texts = {name: environ.get(name, "").strip() for name in TABLE if KINDS[name] in {Path, Path | None}}
    return {name: Path(text) for name, text in texts.items() if Path(text).is_absolute()}


def _store(kind: StoreKind, texts: Mapping[str, str], home: str) -> tuple[StoreConfig | None, dict[str, Fault]]:
    """The store's config, or the faults of its variables."""
    variables, faults = _structure(texts, kind.variables, settings_converter(home, kind.readers))
    is_on_runpod = not texts.keys().isdisjoint(_SET_BY_RUNPOD)
    faults |= {fault.path: fault for fault in kind.faults(texts, on_runpod=is_on_runpod) if fault.path not in faults}
    return (None if faults else kind.config(variables)), faults


def _structure(texts: Mapping[str, str], group: type[GroupT], converter: Converter) -> tuple[GroupT, dict[str, Fault]]:
    """The variables of `group` that can be read, and a fault for each that cannot."""
    own = {name: texts[name] for name in rows_of(group) if name in texts}
    try:
        return converter.structure(own, group), {}
    except ClassValidationError as error:
        faults = {}
        for inner, note in error.group_exceptions()[0]:
            if not isinstance(inner, ValueError):
                raise
            faults[note.name] = Fault(note.name, _message(note.name, own[note.name], inner))
        readable = {name: text for name, text in own.items() if name not in faults}
        return converter.structure(readable, group), faults


def _message(name: str, text: str, error: ValueError) -> str:
    row = TABLE[name]
    wanted = error.message if isinstance(error, InvalidValue) else "must be " + row.accepted.replace("`", "")
    return f"{wanted}, got {_MASK if row.secret or _LOOKS_SECRET.search(text) else _shortened(text)}"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…")
