"""Input videos and sounds that lie in the worker's own store."""

from pathlib import Path

import attrs

from adapters.http.faults import at_field
from adapters.http.files import write_new
from application.ports.object_store import ObjectStore
from domain.errors import InputRefused, InputUnavailable, ObjectMissing, StorageRejected
from domain.source_media import StoredAudio, StoredVideo


@attrs.frozen(eq=False)
class StoredMedia:
    """What may be taken from `store`: objects below `prefix`."""

    store: ObjectStore
    prefix: str

    def fetch(self, reference: StoredVideo | StoredAudio, target: Path, max_bytes: int) -> None:
        """The object, at most `max_bytes`, as the new file `target`. It is in memory meanwhile: stores give it whole.

        Raises:
            InputRefused: it lies elsewhere, is too large, or the store does not give it out.
            InputUnavailable: nothing is there.
            DiskFull: there is no room for it.
            StorageAuth, StorageBucket, StorageUnavailable: the store's trouble, and none of the caller's.
        """
        key, path = reference.object.key, reference.path
        if not reference.object.is_below(self.prefix):
            raise at_field(InputRefused, path, f"must begin with {self.prefix}/")
        try:
            data = self.store.read(key, max_bytes)
        except ObjectMissing as exc:
            raise at_field(InputUnavailable, path, "leads to no object in the store") from exc
        except StorageRejected as exc:
            raise at_field(InputRefused, path, f"is not given out by the store: {exc.message}") from exc
        write_new(target, iter((data,)))
