"""Bytes that may be JSON, through the whole edge: decoder, plan, the reply's text.

python -m fuzz.request_decoder [libFuzzer's arguments] CORPUS...
"""

import json
import logging
import random
import sys

import atheris
import structlog

with atheris.instrument_imports(include=["adapters.wire", "application", "domain", "entrypoints"]):
    from tests.support.edge import answered, refusing_guard

from fuzz.json_mutation import mutated

GUARD = refusing_guard()


def one_input(data: bytes) -> None:
    """Raises for a finding: whatever is not a request or a foreseen failure."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return
    answered(GUARD, raw)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the time another JSON document of the same kind, else other bytes."""
    rng = random.Random(seed)  # noqa: S311 - libFuzzer's own seed, so that a run can be repeated
    if rng.random() < 0.5:  # noqa: PLR2004 - a half
        changed = mutated(data, rng)
        if changed is not None and len(changed) <= max_size:
            return changed
    other: bytes = atheris.Mutate(data, max_size)
    return other


def main() -> None:
    """Run until the arguments' limit, or to the first finding."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    bugs_only = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(processors=[plain], wrapper_class=bugs_only)
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
