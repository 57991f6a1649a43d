"""Inputs that lie in the worker's own store instead of behind a URL."""

from collections.abc import Mapping
from typing import Final

import attrs

from adapters.http.faults import at_field
from application.ports.object_store import ObjectStore
from domain.errors import InputRefused, InputUnavailable, ObjectMissing, StorageRejected
from domain.naming import is_record_key
from domain.requests import StoredImage
from domain.source_media import StoredAudio, StoredVideo

StoredReference = StoredImage | StoredVideo | StoredAudio

NO_PREFIX: Final = "is not accepted by this worker: INPUT_PREFIX is not set"
"""What is said of a stored input where there is nothing to take any from."""

_KINDS: Final[Mapping[type[StoredReference], str]] = {
    StoredImage: "picture",
    StoredVideo: "video",
    StoredAudio: "sound",
}


@attrs.frozen(eq=False)
class StoredInputs:
    """What may be taken from `store`: objects below `prefix`, but no records, which lie below the store's own."""

    store: ObjectStore
    prefix: str
    store_prefix: str = ""

    def read(self, reference: StoredReference, max_bytes: int) -> bytes:
        """The object's bytes, at most `max_bytes`.

        Raises:
            InputRefused: it lies elsewhere, is too large, or the store does not give it out.
            InputUnavailable: nothing is there.
            StorageAuth, StorageBucket, StorageUnavailable: the store's trouble, and none of the caller's.
        """
        key, path = reference.object.key, reference.path
        if not reference.object.is_below(self.prefix):
            raise at_field(InputRefused, path, f"must begin with {self.prefix}/")
        if is_record_key(self.store_prefix, key):
            message = f"must be the path of a {_KINDS[type(reference)]}, not that of a job's record"
            raise at_field(InputRefused, path, message)
        try:
            return self.store.read(key, max_bytes)
        except ObjectMissing as exc:
            raise at_field(InputUnavailable, path, "leads to no object in the store") from exc
        except StorageRejected as exc:
            raise at_field(InputRefused, path, f"is not given out by the store: {exc.message}") from exc


def stored_inputs(store: ObjectStore, prefix: str | None, store_prefix: str) -> StoredInputs | None:
    """What may be taken from `store`, where there is a prefix for inputs."""
    return None if prefix is None else StoredInputs(store, prefix, store_prefix)
