"""No job leaves anything behind: in a random sequence each gives the file that it gives in a process of its own."""

from pathlib import Path

from tests.support.isolated_sequences import KINDS_THAT_MUST_OCCUR, answer_of, differing, kinds_in, start

SEED = 11


def test_each_job_of_a_sequence_gives_what_it_gives_alone(tmp_path: Path, hub_cache: Path) -> None:
    answer = answer_of(start("sequence", SEED, tmp_path / "clips", "builtin/tiny-2.3", hub_cache))
    assert kinds_in(answer) >= KINDS_THAT_MUST_OCCUR
    assert len({outcome for outcome in answer["alone"] if len(outcome) == 64}) >= 8  # they are not all the same clip
    assert differing(answer) == []

    fresh = answer_of(start("one", SEED, tmp_path / "clips", "builtin/tiny-2.3", hub_cache))
    assert fresh["outcome"] == answer["together"][fresh["chosen"]]
