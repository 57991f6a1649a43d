"""What the stores behind a network say and do alike: their hints, their clock, the look after an upload."""

import datetime as dt
from typing import Final

from application.ports.object_store import ObjectStore
from domain.errors import ObjectMissing, StorageAuth, StorageUnavailable

BUCKET_HINT: Final = "The bucket is missing, or the key has no rights to see it"
KEY_HINT: Final = "The store refused the key: it is wrong, expired, or has too few rights"


def unusable_key() -> StorageAuth:
    """The error for a key that no header can carry; clients put such a header's value into their own."""
    return StorageAuth(f"{KEY_HINT} (it holds characters that no key has)")


def compare_size(store: ObjectStore, key: str, size: int) -> None:
    """Return if the object that was just put under `key` has `size` bytes, or cannot be looked at for now.

    Raises:
        StorageAuth: it was taken, but cannot be seen.
        StorageUnavailable: it has another size.
    """
    try:
        stored = store.stat(key)
    except ObjectMissing as exc:
        message = f"{KEY_HINT} (the object was taken, but cannot be seen)"
        raise StorageAuth(message) from exc
    except StorageUnavailable:
        return  # the upload was acknowledged; that it cannot be looked at now proves nothing
    if stored.size != size:
        message = f"The store holds {stored.size} of {size} bytes"
        raise StorageUnavailable(message)


def utc_now() -> dt.datetime:
    """The present, aware, in UTC."""
    return dt.datetime.now(dt.UTC)
