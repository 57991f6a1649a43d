"""All stores, in the order of the table."""

from collections.abc import Mapping
from typing import Final

from adapters.settings.stores.kind import StoreKind
from adapters.settings.stores.local import LOCAL
from adapters.settings.stores.supabase import SUPABASE

STORES: Final[Mapping[str, StoreKind]] = {kind.backend: kind for kind in (SUPABASE, LOCAL)}
