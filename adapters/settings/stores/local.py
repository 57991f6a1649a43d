"""The local store's folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from adapters.object_store.config import LocalConfig
from adapters.settings.stores.kind import StoreKind
from adapters.settings.variable import FOLDER, variable
from domain.errors import Fault


@attrs.frozen(kw_only=True)
class LocalVariables:
    """None: not set, and no fixed default."""

    LOCAL_STORE_DIR: Path | None = variable(
        None, FOLDER, "where the `local` store keeps its files; on RunPod it must be set", shown="`outputs`"
    )


def _config(variables: LocalVariables) -> LocalConfig:
    return LocalConfig() if variables.LOCAL_STORE_DIR is None else LocalConfig(root=variables.LOCAL_STORE_DIR)


def _rule(texts: Mapping[str, str], on_runpod: bool) -> Iterator[Fault]:  # noqa: FBT001 - a Rule's signature
    if on_runpod and "LOCAL_STORE_DIR" not in texts:
        message = "must be set on RunPod, where a worker's files are lost with it; or use STORAGE_BACKEND=supabase"
        yield Fault("LOCAL_STORE_DIR", message)


LOCAL: Final = StoreKind(backend="local", variables=LocalVariables, config=_config, rule=_rule)
