"""Azure Blob Storage's variables."""

import base64
import binascii
import re
from typing import Final, NewType

import attrs

from adapters.object_store.config import AzureConfig
from adapters.settings.stores.addresses import READERS, SERVER, BaseUrl, ServerUrl
from adapters.settings.stores.kind import StoreKind
from adapters.settings.values import Lifetime, Prefix
from adapters.settings.variable import NOT_SET, variable
from domain.errors import InvalidValue
from domain.secret import Secret

AccountName = NewType("AccountName", str)
AccountKey = NewType("AccountKey", Secret)
ContainerName = NewType("ContainerName", str)

_KEY: Final = "an account's access key in base64"
_ACCOUNT: Final = re.compile(r"[a-z0-9]{3,24}", re.ASCII)
_CONTAINER: Final = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*|\$web", re.ASCII)


@attrs.frozen(kw_only=True)
class AzureVariables:
    """Each variable on its own. None: not set, and no fixed default."""

    AZURE_STORAGE_ACCOUNT: AccountName | None = variable(
        None,
        "3 to 24 small letters and digits",
        "name of the storage account",
        shown="required for `azure`",
    )
    AZURE_STORAGE_KEY: AccountKey | None = variable(
        None,
        _KEY,
        "one of the account's two keys; a connection string and a SAS token are none",
        shown="required for `azure`",
        secret=True,
    )
    AZURE_CONTAINER: ContainerName | None = variable(
        None,
        "3 to 63 small letters, digits and single `-`",
        "the container; it must exist",
        shown="required for `azure`",
    )
    AZURE_PREFIX: Prefix = variable(
        "ltx2", "names of letters, digits, `.`, `_` and `-`, joined by `/`", "first part of every object's path"
    )
    AZURE_ENDPOINT_URL: ServerUrl | None = variable(
        None,
        SERVER,
        "the account's blob service, where it is not in the public cloud",
        shown="`https://ACCOUNT.blob.core.windows.net`",
    )
    AZURE_PUBLIC_BASE_URL: BaseUrl | None = variable(
        None,
        SERVER,
        "where anyone can read the container; replies then hold this with `/` and the path behind, instead of signed "
        "URLs",
        shown=NOT_SET,
    )
    AZURE_SIGNED_URL_TTL_SECONDS: Lifetime = variable(
        86_400, "a whole number of seconds, 1 to 315360000", "how long a signed URL works"
    )


def account_key(text: str) -> Secret:
    """An access key, as far as its form tells. The text is never part of a message.

    Raises:
        InvalidValue: it is no base64.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        message = f"must be {_KEY}, and no connection string or SAS token"
        raise InvalidValue(message)
    return Secret(text)


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise ValueError
    return text


def _container(text: str) -> str:
    if not _CONTAINER.fullmatch(text):
        raise ValueError
    return text


def _config(variables: AzureVariables) -> AzureConfig:
    account, key, container = variables.AZURE_STORAGE_ACCOUNT, variables.AZURE_STORAGE_KEY, variables.AZURE_CONTAINER
    if account is None or key is None or container is None:
        message = "unreachable: all are required"
        raise AssertionError(message)
    return AzureConfig(
        account=account,
        key=key,
        container=container,
        endpoint_url=variables.AZURE_ENDPOINT_URL,
        prefix=variables.AZURE_PREFIX,
        public_base_url=variables.AZURE_PUBLIC_BASE_URL,
        signed_url_seconds=variables.AZURE_SIGNED_URL_TTL_SECONDS,
    )


AZURE: Final = StoreKind(
    backend="azure",
    variables=AzureVariables,
    config=_config,
    readers={**READERS, AccountName: _account, AccountKey: account_key, ContainerName: _container},
    required=(("AZURE_STORAGE_ACCOUNT",), ("AZURE_STORAGE_KEY",), ("AZURE_CONTAINER",)),
)
