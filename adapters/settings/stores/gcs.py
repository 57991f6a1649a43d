"""Google Cloud Storage's variables."""

import json
from pathlib import Path
from typing import Final, NewType

import attrs

from adapters.object_store.config import GcsConfig
from adapters.settings.stores.addresses import READERS, SERVER, WEEK, BaseUrl, ServerUrl, WeekLifetime
from adapters.settings.stores.kind import StoreKind
from adapters.settings.values import BucketName, Prefix
from adapters.settings.variable import NOT_SET, variable
from domain.errors import InvalidValue
from domain.secret import Secret

ServiceAccountKey = NewType("ServiceAccountKey", Secret)

_KEY: Final = "the JSON text of a service account's key"


@attrs.frozen(kw_only=True)
class GcsVariables:
    """Each variable on its own. None: not set, and no fixed default."""

    GCS_BUCKET: BucketName | None = variable(
        None,
        "a name of letters, digits, `.`, `_` and `-`",
        "the bucket; it must exist",
        shown="required for `gcs`",
    )
    GCS_PREFIX: Prefix = variable(
        "ltx2", "names of letters, digits, `.`, `_` and `-`, joined by `/`", "first part of every object's path"
    )
    GCS_SERVICE_ACCOUNT_KEY: ServiceAccountKey | None = variable(
        None,
        _KEY,
        "the service account that may read, write, delete and list objects; this or `GCS_SERVICE_ACCOUNT_FILE`",
        shown="required for `gcs`",
        secret=True,
    )
    GCS_SERVICE_ACCOUNT_FILE: Path | None = variable(
        None, "a file", "where the same JSON lies; `GCS_SERVICE_ACCOUNT_KEY` wins over it", shown=NOT_SET
    )
    GCS_ENDPOINT_URL: ServerUrl | None = variable(
        None, SERVER, "another door to Google's XML interface", shown="`https://storage.googleapis.com`"
    )
    GCS_PUBLIC_BASE_URL: BaseUrl | None = variable(
        None,
        SERVER,
        "where anyone can read the bucket; replies then hold this with `/` and the path behind, instead of signed URLs",
        shown=NOT_SET,
    )
    GCS_SIGNED_URL_TTL_SECONDS: WeekLifetime = variable(86_400, WEEK, "how long a signed URL works")


def service_account_key(text: str) -> Secret:
    """The key, once it has the form of one. The text is never part of a message.

    Raises:
        InvalidValue: it is no JSON, or the JSON of something else.
    """
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        key = None
    is_key = isinstance(key, dict) and all(isinstance(key.get(name), str) for name in ("client_email", "private_key"))
    if not is_key or "PRIVATE KEY" not in key["private_key"]:
        message = f"must be {_KEY}, with its client_email and its private_key, on one line or on several"
        raise InvalidValue(message)
    return Secret(text)


def _config(variables: GcsVariables) -> GcsConfig:
    if variables.GCS_BUCKET is None:
        message = "unreachable: it is required"
        raise AssertionError(message)
    return GcsConfig(
        bucket=variables.GCS_BUCKET,
        service_account_key=variables.GCS_SERVICE_ACCOUNT_KEY,
        service_account_file=variables.GCS_SERVICE_ACCOUNT_FILE,
        endpoint_url=variables.GCS_ENDPOINT_URL,
        prefix=variables.GCS_PREFIX,
        public_base_url=variables.GCS_PUBLIC_BASE_URL,
        signed_url_seconds=variables.GCS_SIGNED_URL_TTL_SECONDS,
    )


GCS: Final = StoreKind(
    backend="gcs",
    variables=GcsVariables,
    config=_config,
    readers={**READERS, ServiceAccountKey: service_account_key},
    required=(("GCS_BUCKET",), ("GCS_SERVICE_ACCOUNT_KEY", "GCS_SERVICE_ACCOUNT_FILE")),
)
