"""A made-up service account of Google Cloud, and what its public key says of tokens and signed URLs."""

import base64
import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_BITS = 2048
_ALGORITHM = "GOOG4-RSA-SHA256"
_SIGNED_HOST = "storage.googleapis.com"
"""object_store 0.14 signs this one, whatever the base URL is."""


class SignatureRefused(Exception):
    """`code` is the one that Cloud Storage answers with."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@attrs.frozen(kw_only=True)
class GcsAccount:
    """A key pair under the name of an account. What it signed is good until `clock` says otherwise."""

    email: str = "worker@test-project.iam.gserviceaccount.com"
    key: RSAPrivateKey = attrs.field(factory=lambda: generate_private_key(public_exponent=65537, key_size=_BITS))
    clock: Callable[[], float] = time.time

    def key_file(self, base_url: str) -> str:
        """What the Cloud console gives for download, for a service at `base_url`."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps({
            "type": "service_account", "project_id": "test-project", "private_key_id": "1", "private_key": pem,
            "client_email": self.email, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
            "gcs_base_url": base_url,
        })  # fmt: skip

    def check_token(self, authorization: str) -> None:
        """Return if it is a JWT that this account signed, and still good. Raises SignatureRefused."""
        try:
            head, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
            payload = json.loads(_decoded(head.split(".")[1]))
            self.verify(_decoded(signature), head)
        except (ValueError, IndexError, InvalidSignature) as exc:
            code = "AuthenticationRequired"
            raise SignatureRefused(code) from exc
        if payload["iss"] != self.email or payload["exp"] <= self.clock():
            code = "AuthenticationRequired"
            raise SignatureRefused(code)

    def check_url(self, method: str, url: str) -> None:
        """Return if this account signed the URL for `method` and its time is not over. Raises SignatureRefused."""
        address = urlsplit(url)
        query = dict(parse_qsl(address.query))
        try:
            signature = bytes.fromhex(query.pop("X-Goog-Signature"))
            date, seconds = query["X-Goog-Date"], int(query["X-Goog-Expires"])
            scope = query["X-Goog-Credential"].removeprefix(f"{self.email}/")
            request = _canonical_request(method, address.path, query)
            digest = hashlib.sha256(request.encode()).hexdigest()
            self.verify(signature, f"{_ALGORITHM}\n{date}\n{scope}\n{digest}")
        except (ValueError, KeyError, InvalidSignature) as exc:
            code = "SignatureDoesNotMatch"
            raise SignatureRefused(code) from exc
        begun = dt.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        if self.clock() >= begun.timestamp() + seconds:
            code = "ExpiredToken"
            raise SignatureRefused(code)

    def verify(self, signature: bytes, text: str) -> None:
        """Raises InvalidSignature."""
        self.key.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())


def _canonical_request(method: str, path: str, query: dict[str, str]) -> str:
    """What a V4 signature is about, as Google's documentation has it. Raises ValueError, KeyError."""
    if query["X-Goog-Algorithm"] != _ALGORITHM or query["X-Goog-SignedHeaders"] != "host":
        message = "not what this function can check"
        raise ValueError(message)
    parameters = "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))
    resource = quote(unquote(path), safe="/~")
    return f"{method}\n{resource}\n{parameters}\nhost:{_SIGNED_HOST}\n\nhost\nUNSIGNED-PAYLOAD"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
