"""A customer's system on loopback that takes webhooks, and looks at them as an independent library does."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs
from standardwebhooks import Webhook

from tests.support.http_server import HttpServer, Reply, Seen, serving

SECRET: Final = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER_SECRET: Final = "whsec_" + base64.b64encode(b"o" * 24).decode()
PATH: Final = "/hook"


@attrs.frozen
class Event:
    """A webhook whose signature held. `document` is its body as JSON."""

    id: str
    timestamp: int
    document: Mapping[str, Any]


@attrs.frozen
class Receiver:
    """`with receiving(Reply(status=500), Reply()) as receiver:` answers in turn, the last one stays."""

    server: HttpServer

    @property
    def url(self) -> str:
        return self.server.url(f"{PATH}?token=topsecret")

    @property
    def requests(self) -> list[Seen]:
        return self.server.requests

    def events(self, secret: str = SECRET) -> list[Event]:
        """What came, verified with `secret`. Raises WebhookVerificationError for what was not signed with it."""
        return [_verified(seen, secret) for seen in self.requests]


def _verified(seen: Seen, secret: str) -> Event:
    headers = {name.lower(): value for name, value in seen.headers.items()}
    document = Webhook(secret).verify(seen.body, headers)
    return Event(headers["webhook-id"], int(headers["webhook-timestamp"]), document)


@contextmanager
def receiving(*replies: Reply) -> Iterator[Receiver]:
    with serving({PATH: list(replies) or [Reply(status=204, length=None)]}) as server:
        yield Receiver(server)
