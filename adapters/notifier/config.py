"""What webhooks are configured with."""

import base64
import binascii
from typing import Final

import attrs

from adapters.http.allowed_hosts import AllowedHosts
from domain.errors import InvalidValue
from domain.secret import Secret

_MARK: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


@attrs.frozen(kw_only=True)
class WebhookConfig:
    """Who is told, and with which keys. Where somebody may be told, there is a secret."""

    url: Secret | None = None
    """The operator's; its query or path may hold a token."""
    hosts: AllowedHosts = AllowedHosts(setting="WEBHOOK_ALLOWED_HOSTS")
    """Those that requests may name."""
    secrets: tuple[Secret, ...] = ()
    """`whsec_…`: each signs, so that receivers can change from one to the next."""

    def __attrs_post_init__(self) -> None:
        if (self.url or self.hosts.entries) and not self.secrets:
            message = "webhooks without a secret cannot be signed"
            raise ValueError(message)


def signing_key(secret: Secret) -> bytes:
    """The bytes that `whsec_…` stands for (Standard Webhooks 1.0: base64 of 24 to 64 bytes).

    Raises:
        InvalidValue: it has another form. The text is never part of the message.
    """
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix(_MARK), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong() from error
    if not text.startswith(_MARK) or len(key) not in _KEY_BYTES:
        raise _wrong()
    return key


def _wrong() -> InvalidValue:
    return InvalidValue("must be whsec_ and base64 of 24 to 64 bytes; several are separated by spaces or commas")
