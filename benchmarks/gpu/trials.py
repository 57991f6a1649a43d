"""The clips of one subject: what they took, or why there are none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import torch

from adapters.video_model.diffusers.memory.letting_go import let_go
from benchmarks.gpu.probe import Work
from benchmarks.gpu.subject import Subject
from domain.errors import OutOfMemory, OverLimit

_MEMORY_ERRORS: Final = (OutOfMemory, OverLimit, torch.OutOfMemoryError)


@attrs.frozen(kw_only=True)
class Timing:
    """Of one clip. `peak_bytes`: of torch's allocator; None on the CPU."""

    seconds: float
    work: Work
    peak_bytes: int | None


@attrs.define
class Trials:
    """What became of one subject's clips. After a failure there shall be no more of them."""

    subject: Subject
    timings: list[Timing] = attrs.field(factory=list)
    failure: str | None = None
    remarks: tuple[str, ...] = ()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Make one clip inside. That it does not fit into memory is a result; every other error passes."""
        try:
            with self.subject.ready():
                yield
        except _MEMORY_ERRORS as exc:
            let_go(exc)
            self.failure = f"{type(exc).__name__}: {str(exc).splitlines()[0]}"
        else:
            self.remarks = self.subject.remarks()
