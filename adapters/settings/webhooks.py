"""WEBHOOK_URL and WEBHOOK_SECRET: how they are read, and what they need of each other."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final, NewType

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.notifier.config import WebhookConfig, signing_key
from domain.errors import Fault, InvalidValue
from domain.secret import Secret

OperatorsUrl = NewType("OperatorsUrl", Secret)
SigningSecrets = NewType("SigningSecrets", tuple[Secret, ...])

_SEPARATORS: Final = re.compile(r"[\s,]+")
_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)
_ALLOWED: Final = "WEBHOOK_ALLOWED_HOSTS"


def operators_url(text: str) -> OperatorsUrl:
    """A URL by its form. Raises InvalidValue."""
    if not _PRINTABLE.fullmatch(text):
        message = "must be a URL of printable ASCII characters"
        raise InvalidValue(message)
    _host_of(text)
    return OperatorsUrl(Secret(text))


def signing_secrets(text: str) -> SigningSecrets:
    """The secrets that `text` lists. Raises InvalidValue; the message holds none of them."""
    secrets = tuple(Secret(item) for item in _SEPARATORS.split(text) if item)
    for secret in secrets:
        signing_key(secret)
    return SigningSecrets(secrets)


def webhook_faults(texts: Mapping[str, str], url: Secret | None, http: HttpConfig) -> Iterator[Fault]:
    """What is missing, or does not go together. `texts` are those that are set; `url` None: not set, or wrong."""
    needing = [name for name in ("WEBHOOK_URL", _ALLOWED) if name in texts]
    if needing and "WEBHOOK_SECRET" not in texts:
        message = f"is required for {needing[0]}: whsec_ and base64 of 24 to 64 bytes"
        yield Fault("WEBHOOK_SECRET", message)
    if url is not None and url.reveal().lower().startswith("http:") and not _is_inside(_host_of(url.reveal()), http):
        message = "must be an https URL; http is for loopback and for hosts that INPUT_ALLOW_PRIVATE_HOSTS names"
        yield Fault("WEBHOOK_URL", message)


def webhook_config(url: Secret | None, hosts: AllowedHosts, secrets: SigningSecrets | None) -> WebhookConfig:
    """The adapter's config of variables without a fault."""
    return WebhookConfig(url=url, hosts=AllowedHosts(hosts.entries, _ALLOWED), secrets=secrets or ())


def _host_of(text: str) -> str:
    """The canonical host of a URL. Raises InvalidValue."""
    from adapters.http.guard import UrlRefused, host_of  # noqa: PLC0415 - httpx, which few environments ask for

    try:
        return host_of(text)
    except UrlRefused as error:
        raise InvalidValue(error.reason) from error


def _is_inside(host: str, http: HttpConfig) -> bool:
    """Whether `host` is this machine, or the operator's by INPUT_ALLOW_PRIVATE_HOSTS."""
    if host == "localhost" or host in http.private_hosts:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in http.private_networks)
