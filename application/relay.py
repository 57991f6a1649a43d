"""A clip from the thread that makes it to one that uses it meanwhile."""

import contextvars
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

import attrs

from application.chunk_ring import ChunkRing
from application.job_control import JobControl
from domain.clip import Audio, Clip

UsedT = TypeVar("UsedT")


class Relay(Generic[UsedT]):
    """Runs `use` on a thread of its own, over copies of a clip's chunks, while the caller makes the next ones.

        with Relay(use, control) as relay:
            with model.generate(plan, inputs, control) as made:
                relay.feed(made)
                statistics = made.statistics()
            used = relay.result()

    All that the model does stays on the caller's thread. `use` gets a clip that does not depend on the model's
    context, which can be left as soon as the last chunk is copied, and a JobControl that is also cancelled when the
    making has failed. The thread carries the caller's context variables, and is gone when the `with` block is left.

    An error of the making comes out as it is, and `use` is stopped by Cancelled, whose outcome then counts for nothing.
    An error of `use` comes out of `feed` when the next chunk is made, or of `result`. `spare_bytes`: see ChunkRing.
    """

    def __init__(self, use: Callable[[Clip, JobControl], UsedT], control: JobControl, *, spare_bytes: int = 0) -> None:
        self._use = use
        self._control = control
        self._ring = ChunkRing(spare_bytes)
        self._thread = threading.Thread()
        self._used: list[UsedT] = []
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ring.abandon()
        if self._thread.ident is not None:
            self._thread.join()
        self._error = None  # its traceback leads back here: a circle would keep buffers

    def feed(self, clip: Clip) -> None:
        """Start `use`, and hand over all chunks of `clip`; ends early where `use` has. Called once.

        Raises:
            Cancelled, DeadlineExceeded: while it waited for room.
            What `clip.chunks` raises, and what `use` has raised so far.
        """
        kept = attrs.evolve(clip, audio=_kept(clip.audio), chunks=self._ring.taken())
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._work, kept),
            name=f"{threading.current_thread().name}-relay",
        )
        self._thread.start()
        for chunk in clip.chunks:
            if not self._ring.put(chunk, self._control):
                self._raise_error()
                return
        self._ring.complete()

    def result(self) -> UsedT:
        """What `use` returned, as soon as it has. Raises what it raised."""
        self._thread.join()
        self._raise_error()
        return self._used[0]

    def _work(self, clip: Clip) -> None:
        def is_cancelled() -> bool:
            return self._ring.is_abandoned or self._control.is_cancelled()

        try:
            self._used.append(self._use(clip, attrs.evolve(self._control, is_cancelled=is_cancelled)))
        except BaseException as exc:  # noqa: BLE001 - raised again, on the caller's thread
            self._error = exc
        finally:
            self._ring.end()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


def _kept(audio: Audio | None) -> Audio | None:
    """`audio`, in a buffer of its own."""
    return None if audio is None else attrs.evolve(audio, samples=memoryview(audio.samples.tobytes()).cast("f"))
