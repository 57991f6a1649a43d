"""Google Cloud Storage, over its XML interface."""

import datetime as dt
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from obstore.store import GCSStore

from adapters.object_store.config import GcsConfig
from adapters.object_store.obstore_client import Client, Patience
from adapters.object_store.obstore_failures import ObstoreFailures
from adapters.object_store.obstore_store import ObstoreStore, Service, obstore_signer

if TYPE_CHECKING:
    from obstore.store import GCSConfig as Options

_DEFAULT_PATIENCE: Final = Patience()
_ENDPOINT: Final = "https://storage.googleapis.com"


def gcs_store(config: GcsConfig, *, patience: Patience = _DEFAULT_PATIENCE) -> ObstoreStore:
    """The store that `config` describes. Nothing is sent before its first call.

    The service account signs requests (a JSON web token of its own, no request for one) and URLs by itself.
    """
    address = urlsplit(config.endpoint_url or _ENDPOINT)
    key = None if config.service_account_key is None else config.service_account_key.reveal()
    hidden = (key, None if config.service_account_file is None else str(config.service_account_file), address.netloc)

    def build(patience: Patience) -> Client:
        return _client(config, patience)

    return ObstoreStore(
        Service(
            backend="gcs",
            bucket=config.bucket,
            prefix=config.prefix,
            build=build,
            failures=ObstoreFailures(tuple(text for text in hidden if text)),
            sign=_signed_url,
            public_base_url=config.public_base_url,
            signed_url_seconds=config.signed_url_seconds,
        ),
        patience=patience,
    )


def _signed_url(client: Client, key: str, lifetime: dt.timedelta) -> str:
    """Obstore 0.12.1 signs the path as it is given, and Google checks it percent-encoded; "?" would end the path.

    To be dropped when it encodes the path itself: then this would be encoded twice.
    """
    return obstore_signer(client, quote(key, safe="/~"), lifetime)


def _client(config: GcsConfig, patience: Patience) -> GCSStore:
    endpoint = config.endpoint_url or _ENDPOINT
    options: Options = {"base_url": endpoint}
    if config.service_account_key is not None:
        options["service_account_key"] = config.service_account_key.reveal()
    elif config.service_account_file is not None:
        options["service_account"] = str(config.service_account_file)
    return GCSStore(
        config.bucket,
        config=options,
        client_options=patience.client_options(endpoint),
        retry_config=patience.retry_config(),
    )
