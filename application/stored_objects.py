"""Where an object is, and by which URL it can be read."""

import attrs

from application.ports.object_store import ObjectStore, ObjectUrl
from domain.errors import StorageError
from domain.results import StoredObject


def describe(store: ObjectStore, key: str, *, signed: bool, what: str = "clip") -> StoredObject:
    """What a reply tells of the object under `key`; private stores sign a URL only where `signed` is asked for.

    What is stored is never reported as lost for want of a URL: that is a warning about it, which names `what` it is.
    """
    url: ObjectUrl | None = None
    warnings: tuple[str, ...] = ()
    if store.is_public or signed:
        try:
            url = store.url(key)
        except StorageError as exc:
            warnings = (f"The {what} is stored, but the store gave no URL for it: {exc.message}",)
    return attrs.evolve(located(store, key, url), warnings=warnings)


def located(store: ObjectStore, key: str, url: ObjectUrl | None) -> StoredObject:
    """The object under `key`, with `url` where it belongs."""
    address = None if url is None else url.url
    return StoredObject(
        backend=store.backend,
        bucket=store.bucket,
        path=key,
        signed_url=None if store.is_public else address,
        public_url=address if store.is_public else None,
        expires_at=None if url is None else url.expires_at,
    )
