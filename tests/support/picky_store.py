"""A store in memory that does not take everything."""

from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import WorkerError
from tests.fakes.object_store import InMemoryStore


class PickyStore(InMemoryStore):
    """`put` raises the error that `refused` has for the end of a key, and keeps nothing."""

    def __init__(self, refused: Mapping[str, WorkerError]) -> None:
        super().__init__()
        self.refused = refused

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        for end, error in self.refused.items():
            if key.endswith(end):
                raise error
        super().put(source, key, headers, control)
