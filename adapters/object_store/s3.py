"""S3: AWS, and the many stores that speak its language."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from obstore.store import S3Store

from adapters.object_store.config import S3Config
from adapters.object_store.obstore_client import Client, Patience, header_text
from adapters.object_store.obstore_failures import ObstoreFailures
from adapters.object_store.obstore_store import ObstoreStore, Service

if TYPE_CHECKING:
    from obstore.store import S3Config as Options
    from obstore.store import S3Credential

_DEFAULT_PATIENCE: Final = Patience()


def s3_store(config: S3Config, *, patience: Patience = _DEFAULT_PATIENCE) -> ObstoreStore:
    """The store that `config` describes. Nothing is sent before its first call."""
    secrets = (config.access_key_id, config.secret_access_key, config.session_token)
    address = urlsplit(_endpoint(config))
    hidden = (*(secret.reveal() for secret in secrets if secret is not None), address.netloc, address.hostname)

    def build(patience: Patience) -> Client:
        return _client(config, patience)

    return ObstoreStore(
        Service(
            backend="s3",
            bucket=config.bucket,
            prefix=config.prefix,
            build=build,
            failures=ObstoreFailures(tuple(text for text in hidden if text)),
            public_base_url=config.public_base_url,
            signed_url_seconds=config.signed_url_seconds,
        ),
        patience=patience,
    )


def _client(config: S3Config, patience: Patience) -> S3Store:
    """A client that takes nothing from variables like AWS_SESSION_TOKEN or AWS_ENDPOINT_URL, which obstore reads.

    The keys come from a function: so no other credentials count, and nobody asks the machine's metadata service.
    """
    endpoint = _endpoint(config)
    options: Options = {
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "region": config.region,
        "virtual_hosted_style_request": not config.path_style,
        "skip_signature": False,
        "unsigned_payload": False,
        "s3_express": False,
        "request_payer": False,
        "disable_bulk_delete": True,  # a POST that not every imitation knows
    }
    if config.checksum != "none":
        options["checksum_algorithm"] = config.checksum
    credential: S3Credential = {
        "access_key_id": header_text(config.access_key_id),
        "secret_access_key": header_text(config.secret_access_key),
        "token": None if config.session_token is None else header_text(config.session_token),
        "expires_at": None,
    }
    return S3Store(
        config.bucket,
        config=options,
        credential_provider=lambda: credential,
        client_options=patience.client_options(endpoint),
        retry_config=patience.retry_config(),
    )


def _endpoint(config: S3Config) -> str:
    """The root that keys are appended to; for virtual-hosted addressing the bucket is part of the host."""
    china = ".cn" if config.region.startswith("cn-") else ""
    root = config.endpoint_url or f"https://s3.{config.region}.amazonaws.com{china}"
    if config.path_style:
        return root
    scheme, _, host = root.partition("://")
    return f"{scheme}://{config.bucket}.{host}"
