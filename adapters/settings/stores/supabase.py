"""SUPABASE_URL and the keys: what people paste, and what of it can work."""

import base64
import binascii
import json
from typing import Final, NewType
from urllib.parse import urlsplit

import attrs

from adapters.object_store.config import SupabaseConfig
from adapters.settings.stores.addresses import is_loopback
from adapters.settings.stores.kind import StoreKind
from adapters.settings.values import HEADER_TEXT, BucketName, Lifetime, Prefix, header_secret
from adapters.settings.variable import FLAG, NOT_SET, variable
from domain.errors import InvalidValue
from domain.secret import Secret

ProjectUrl = NewType("ProjectUrl", str)
ServerKey = NewType("ServerKey", Secret)

_PASTED: Final = ("/rest/v1", "/storage/v1", "/auth/v1")
_BROWSER_ROLES: Final = frozenset({"anon", "authenticated"})
_JWT_PARTS: Final = 3
_NEEDED: Final = "needed is the secret key (sb_secret_…) or the legacy service_role key"


@attrs.frozen(kw_only=True)
class SupabaseVariables:
    """Each variable on its own. None: not set, and no fixed default."""

    SUPABASE_URL: ProjectUrl | None = variable(
        None,
        "the project's https URL such as `https://abcdefgh.supabase.co` (http only for loopback hosts)",
        "the project; a trailing slash and a pasted `/rest/v1`, `/storage/v1` or `/auth/v1` are dropped",
        shown="required for `supabase`",
    )
    SUPABASE_SERVICE_ROLE_KEY: ServerKey | None = variable(
        None,
        "a legacy service_role key or an `sb_secret_…` key",
        "the key that may write; this or `SUPABASE_SECRET_KEY`",
        shown="required for `supabase`",
        secret=True,
    )
    SUPABASE_SECRET_KEY: ServerKey | None = variable(
        None,
        "an `sb_secret_…` key or a legacy service_role key",
        "the same by its new name; wins over `SUPABASE_SERVICE_ROLE_KEY`",
        shown=NOT_SET,
        secret=True,
    )
    SUPABASE_BUCKET: BucketName = variable(
        "ltx2-outputs", "a name of letters, digits, `.`, `_` and `-`", "the bucket; it must exist"
    )
    SUPABASE_PREFIX: Prefix = variable(
        "ltx2", "names of letters, digits, `.`, `_` and `-`, joined by `/`", "first part of every object's path"
    )
    SUPABASE_PUBLIC: bool = variable(
        False, FLAG, "whether the bucket is public: replies then hold public URLs instead of signed ones"
    )
    SUPABASE_SIGNED_URL_TTL_SECONDS: Lifetime = variable(
        86_400, "a whole number of seconds, 1 to 315360000", "how long a signed URL works"
    )


def project_url(text: str) -> str:
    """The project's root: without a trailing slash, and without an API's path that was pasted along.

    Raises:
        ValueError: it is no https URL; plain http is for loopback hosts only.
    """
    parts = urlsplit(text)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if not parts.hostname or not is_plain or not HEADER_TEXT.fullmatch(text):
        raise ValueError
    if parts.port == 0:  # raises ValueError by itself where it is no port number
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError
    path = parts.path.rstrip("/")
    for pasted in _PASTED:
        path = path.removesuffix(pasted)
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def server_key(text: str) -> Secret:
    """A key that may write to the store, as far as its form tells. The text is never part of a message.

    Raises:
        InvalidValue: no header can carry it, or it is a key for browsers.
    """
    secret = header_secret(text)
    if text.startswith("sb_publishable_"):
        message = f"must be a server's key and no publishable one (sb_publishable_…): {_NEEDED}"
        raise InvalidValue(message)
    role = _jwt_role(text)
    if role in _BROWSER_ROLES:
        message = f"must be a server's key and no JWT with the role {role}: {_NEEDED}"
        raise InvalidValue(message)
    return secret


def _jwt_role(text: str) -> str | None:
    """The role claim of a JWT; None: it is no JWT, or has none."""
    parts = text.split(".")
    if len(parts) != _JWT_PARTS:
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None


def _config(variables: SupabaseVariables) -> SupabaseConfig:
    key = variables.SUPABASE_SECRET_KEY or variables.SUPABASE_SERVICE_ROLE_KEY
    if variables.SUPABASE_URL is None or key is None:
        message = "unreachable: both are required"
        raise AssertionError(message)
    return SupabaseConfig(
        url=variables.SUPABASE_URL,
        key=key,
        bucket=variables.SUPABASE_BUCKET,
        prefix=variables.SUPABASE_PREFIX,
        public=variables.SUPABASE_PUBLIC,
        signed_url_seconds=variables.SUPABASE_SIGNED_URL_TTL_SECONDS,
    )


SUPABASE: Final = StoreKind(
    backend="supabase",
    variables=SupabaseVariables,
    config=_config,
    readers={ProjectUrl: project_url, ServerKey: server_key},
    required=(("SUPABASE_URL",), ("SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SECRET_KEY")),
)
