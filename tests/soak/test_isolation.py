"""Isolation over 25 random sequences of 20 jobs, on every family."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.support.isolated_sequences import KINDS_THAT_MUST_OCCUR, answer_of, differing, kinds_in, start

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

MODELS = ("builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5")
SEQUENCES = 25
AT_ONCE = 2
SHA256_DIGITS = 64
"""An outcome is a clip's hash, or the code of a failure."""


def run_at_once(what: str, batch: list[tuple[int, str]], folder: Path, hub_cache: Path) -> list[dict[str, Any]]:
    processes = [start(what, 100 + seed, folder / f"clips-{seed}", model, hub_cache) for seed, model in batch]
    return [answer_of(process) for process in processes]


def test_no_job_leaves_anything_to_the_next(tmp_path: Path, hub_cache: Path) -> None:
    """Two sequences at a time, for two cores; one job of each also runs in a process that was not forked."""
    seen: set[str] = set()
    clips: set[str] = set()
    numbered = enumerate(itertools.islice(itertools.cycle(MODELS), SEQUENCES))
    while batch := list(itertools.islice(numbered, AT_ONCE)):
        sequences = run_at_once("sequence", batch, tmp_path, hub_cache)
        fresh = run_at_once("one", batch, tmp_path, hub_cache)
        for sequence, one in zip(sequences, fresh, strict=True):
            assert differing(sequence) == []
            clips |= {outcome for outcome in sequence["alone"] if len(outcome) == SHA256_DIGITS}
            assert one["outcome"] == sequence["together"][one["chosen"]]
            seen |= kinds_in(sequence)
    assert seen >= KINDS_THAT_MUST_OCCUR | {"official", "fast"}
    assert len(clips) >= 4 * SEQUENCES  # they are not all the same clip
