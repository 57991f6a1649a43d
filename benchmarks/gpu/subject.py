"""What is compared: ways of making the same clip from the same components."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, Literal, Protocol

import attrs
from typing_extensions import override

SubjectName = Literal["worker", "documented", "same_recipe"]

SEED: Final = 7
FPS: Final = 24


@attrs.frozen(kw_only=True)
class ClipSize:
    """Of a clip; `stages` is 1, or 2 where the first one makes half the width and height."""

    width: int
    height: int
    frames: int
    stages: int = 1

    @override
    def __str__(self) -> str:
        suffix = " in two stages" if self.stages > 1 else ""
        return f"{self.width}x{self.height}x{self.frames}{suffix}"


class Subject(Protocol):
    """One way of making a clip of one size."""

    @property
    def name(self) -> SubjectName:
        """As in the results."""

    def ready(self) -> AbstractContextManager[None]:
        """Everything in its place for `make`. Entering and leaving is not timed."""

    def make(self, prompt: str, on_step: Callable[[], None], *, keep: bool) -> Any:  # noqa: ANN401 - a numpy array
        """Make the clip, all frames on the host at the end; call `on_step` after each denoising step.

        With `keep` the frames are returned, as uint8 (frames, height, width, 3); else None.

        Raises:
            WorkerError: the worker refused it, or memory ran out.
            torch.OutOfMemoryError: plain diffusers ran out of memory.
        """

    def remarks(self) -> tuple[str, ...]:
        """How the last clip was made, where that needs saying."""
