"""What the object stores are configured with."""

from pathlib import Path
from typing import Literal

import attrs

from domain.secret import Secret

Backend = Literal["supabase", "local"]


@attrs.frozen(kw_only=True)
class SupabaseConfig:
    """`url` is the project's root, without a trailing slash and without `/rest/v1` or the like."""

    url: str
    key: Secret
    bucket: str = "ltx2-outputs"
    prefix: str = "ltx2"
    public: bool = False
    signed_url_seconds: int = 86_400


@attrs.frozen(kw_only=True)
class LocalConfig:
    """Objects are files below `root`."""

    root: Path = Path("outputs")
    prefix: str = "ltx2"


StoreConfig = SupabaseConfig | LocalConfig
