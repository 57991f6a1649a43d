"""Which keys the stores take: one rule, so that a key that one store takes fits them all."""

from domain.errors import StorageRejected
from domain.naming import KEY_RULE, is_object_key


def require_legal_key(key: str) -> None:
    """Return if `key` may name an object.

    Raises:
        StorageRejected: it may not; the message says what would be accepted.
    """
    if not is_object_key(key):
        message = f"The object's key is not accepted: {KEY_RULE}"
        raise StorageRejected(message)
