"""Whether the worker could do a job here: one finding for each thing that a job needs."""

from collections.abc import Callable, Sequence

import attrs

from application.ports.encoder import Encoder
from application.ports.interpolator import Interpolator
from application.ports.object_store import ObjectStore
from domain.errors import WorkerError
from domain.media import OUTPUT_FORMATS


@attrs.frozen(kw_only=True)
class Check:
    """`examine` returns one line on what it found, or raises a WorkerError that says what to do."""

    name: str
    examine: Callable[[], str]


@attrs.frozen(kw_only=True)
class Finding:
    """What one check came to. `error` is None where it passed."""

    name: str
    line: str
    error: WorkerError | None = None


@attrs.frozen
class Diagnose:
    """Runs every check, also after one that failed."""

    checks: Sequence[Check]

    def __call__(self) -> tuple[Finding, ...]:
        return tuple(_examined(check) for check in self.checks)


def encoder_check(encoder: Encoder, interpolator: Interpolator) -> Check:
    """The encoder's own check, and that of what may stand before it."""

    def examine() -> str:
        encoder.check()
        interpolator.check()
        return ", ".join(OUTPUT_FORMATS)

    return Check(name="encoder", examine=examine)


def store_check(store: ObjectStore) -> Check:
    """The store's own check."""

    def examine() -> str:
        store.check()
        return f"{store.backend}, bucket {store.bucket}"

    return Check(name="store", examine=examine)


def _examined(check: Check) -> Finding:
    try:
        return Finding(name=check.name, line=check.examine())
    except WorkerError as exc:
        return Finding(name=check.name, line=exc.message, error=exc)
