"""A fresh URL for a clip that is stored already: URLs die after a day."""

from typing import Final, NoReturn

import attrs

from application.ports.object_store import ObjectStore
from application.stored_objects import located
from domain.errors import Fault, InputRefused, InputUnavailable, ObjectMissing, WorkerError
from domain.naming import ObjectPath, is_record_key
from domain.results import FoundObject

_FIELD: Final = "path"


@attrs.frozen
class SignObject:
    """Signs what lies below the store's own `prefix`, but no records: they may hold prompts."""

    store: ObjectStore
    prefix: str

    def __call__(self, path: ObjectPath) -> FoundObject:
        """The object under `path`, with a URL.

        Raises:
            InputRefused: it lies elsewhere, or is a record.
            InputUnavailable: nothing is there; it may come yet, out of the outbox.
            StorageError: the store did not answer, or gave no URL.
        """
        if not path.is_below(self.prefix):
            _fail(InputRefused, f"must begin with {self.prefix}/, as the paths of this worker's clips do")
        if is_record_key(self.prefix, path.key):
            _fail(InputRefused, "must be the path of a clip, not that of a job's record")
        try:
            found = self.store.stat(path.key)
            url = self.store.url(path.key)
        except ObjectMissing as exc:
            _fail(InputUnavailable, "leads to no object in the store", exc)
        return FoundObject(
            stored=located(self.store, path.key, url),
            size=found.size,
            content_type=found.content_type,
            sha256=found.sha256,
        )


def _fail(error: type[WorkerError], message: str, cause: Exception | None = None) -> NoReturn:
    fault = Fault(_FIELD, message)
    raise error(str(fault), faults=(fault,)) from cause
