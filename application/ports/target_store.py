"""The way of a clip to where its caller wants it: a URL or a bucket of his own."""

from pathlib import Path
from typing import Protocol

from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.results import StoredObject
from domain.targets import Target


class TargetStore(Protocol):
    """Puts files to targets that jobs bring along. Keeps nothing of a job; what failed is not delivered later.

    Messages name the request's field (`target.field`), never the URL, a host or a key of the target.
    """

    __slots__ = ()

    def admit(self, target: Target) -> None:
        """Return if this worker would put a clip there, as far as can be told without dialling.

        Raises:
            InputRefused: it takes no targets, or not this host.
        """

    def put(
        self, source: Path, key: str, headers: ObjectHeaders, target: Target, control: JobControl, *, signed: bool
    ) -> StoredObject:
        """Put the file `source` there, under `key` where the target leaves the choice, and say where it is.

        A URL by which it can be read is made only where `signed` asks for it and the target has a key to sign with.
        What lay there is replaced. Calls `control.check()` and reports the stage "upload" as `ObjectStore.put` does.

        Raises:
            InputRefused: as `admit`; also where only its name server says that the host is forbidden.
            StorageAuth: the target refuses the key or the signature.
            StorageBucket: there is no such bucket.
            StorageRejected: the target refuses the file, or redirects; the file is empty or too large for one request.
            StorageUnavailable: no answer after the retries.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """
