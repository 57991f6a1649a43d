"""Azure Blob Storage, with an account's key."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from obstore.store import AzureStore

from adapters.object_store.azure_signature import signed_url
from adapters.object_store.config import AzureConfig
from adapters.object_store.obstore_client import Client, Patience
from adapters.object_store.obstore_failures import ObstoreFailures
from adapters.object_store.obstore_store import ObstoreStore, Service

if TYPE_CHECKING:
    from obstore.store import AzureConfig as Options

_DEFAULT_PATIENCE: Final = Patience()


def azure_store(config: AzureConfig, *, patience: Patience = _DEFAULT_PATIENCE) -> ObstoreStore:
    """The store that `config` describes. Nothing is sent before its first call."""
    endpoint = config.endpoint_url or f"https://{config.account}.blob.core.windows.net"
    address = urlsplit(endpoint)

    def build(patience: Patience) -> Client:
        return _client(config, endpoint, patience)

    hidden = (config.key.reveal(), address.netloc, address.hostname, config.account)
    return ObstoreStore(
        Service(
            backend="azure",
            bucket=config.container,
            prefix=config.prefix,
            build=build,
            failures=ObstoreFailures(tuple(text for text in hidden if text)),
            sign=lambda _, key, lifetime: signed_url(config, endpoint, key, lifetime),
            public_base_url=config.public_base_url,
            signed_url_seconds=config.signed_url_seconds,
        ),
        patience=patience,
    )


def _client(config: AzureConfig, endpoint: str, patience: Patience) -> AzureStore:
    """A client that takes nothing from variables like AZURE_STORAGE_TOKEN, which obstore reads."""
    options: Options = {
        "account_name": config.account,
        "account_key": config.key.reveal(),
        "credential_type": "access_key",
        "endpoint": endpoint,
        "skip_signature": False,
        "use_emulator": False,
    }
    return AzureStore(
        config.container,
        config=options,
        client_options=patience.client_options(endpoint),
        retry_config=patience.retry_config(),
    )
