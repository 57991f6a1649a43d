"""All stores, in the order of the table."""

from collections.abc import Mapping
from typing import Final

from adapters.settings.stores.azure import AZURE
from adapters.settings.stores.gcs import GCS
from adapters.settings.stores.kind import StoreKind
from adapters.settings.stores.local import LOCAL
from adapters.settings.stores.s3 import S3
from adapters.settings.stores.supabase import SUPABASE

STORES: Final[Mapping[str, StoreKind]] = {kind.backend: kind for kind in (SUPABASE, S3, GCS, AZURE, LOCAL)}
