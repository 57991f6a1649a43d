"""Begins to read the weights before the libraries that load them are imported. Imports none of them itself."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.inventory import parts
from adapters.video_model.diffusers.location import find_ready
from adapters.video_model.diffusers.read_ahead import ReadAhead
from domain.errors import WorkerError

_log: Final = structlog.get_logger()


class WeightReading:
    """A context manager: reads ahead from its entry until its exit, or until whoever loaded the weights is done.

    Without it, or where it had nothing to read, the reading begins with the loading.
    """

    def __init__(
        self, config: ModelConfig, read_ahead: Callable[[Mapping[str, Sequence[Path]]], ReadAhead] = ReadAhead
    ) -> None:
        self._config = config
        self._read_ahead = read_ahead
        self._running: ReadAhead | None = None
        self._offered: Path | None = None

    def __enter__(self) -> Self:
        """Read if the snapshot is there and whole. What is wrong with it is for the checks to say."""
        if self._config.backend == "diffusers":
            try:
                snapshot = find_ready(self._config)
                if snapshot is not None:
                    self._start(snapshot.path)
            except (WorkerError, OSError) as exc:
                _log.info("model.reading_not_begun", reason=type(exc).__name__)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.__exit__(exc_type, exc, trace)

    def of(self, snapshot: Path) -> ReadAhead | None:
        """What has begun to read the weights of `snapshot`, given out once; None: nothing has."""
        offered, self._offered = self._offered, None
        return self._running if offered == snapshot else None

    def _start(self, snapshot: Path) -> None:
        groups = self._groups(snapshot)
        self._running, self._offered = self._read_ahead(groups).__enter__(), snapshot
        _log.info("model.reading_begun", components=list(groups))

    def _groups(self, snapshot: Path) -> dict[str, tuple[Path, ...]]:
        return {part.name: part.weights for part in parts(snapshot, enhancer=self._config.prompt_enhancer)}
