"""The figures of docs/memory.md are those of the code, for the sizes that the page itself gives."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, get_args

import pytest

from adapters.video_model.config import FamilyName
from adapters.video_model.diffusers.memory.choice import typical_need
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.memory import POLICIES, MemoryBudget, MemoryPolicy, cast_to_fp8, host_weights

TEXT: Final = (Path(__file__).resolve().parents[2] / "docs" / "memory.md").read_text(encoding="utf-8")
FAMILIES: Final[tuple[FamilyName, ...]] = get_args(FamilyName)
GIB: Final = 1 << 30
GB: Final = 1_000_000_000


def rows(first: str) -> Iterator[list[str]]:
    """The table whose head begins with `first`, cells without backticks, the head included."""
    table = TEXT[TEXT.index(f"\n| {first} |") + 1 :].partition("\n\n")[0]
    for line in table.splitlines():
        if not line.startswith("|---"):
            yield [cell.strip(" `") for cell in line.strip("|").split("|")]


def sizes() -> dict[str, dict[str, int]]:
    head, *body = rows("family")
    return {
        row[0]: {name: int(float(cell) * GB) for name, cell in zip(head[1:-1], row[1:-1], strict=True)} for row in body
    }


def budget(family: str, policy: MemoryPolicy, device: int = 10**13) -> MemoryBudget:
    return MemoryBudget(device_bytes=device, host_bytes=None, weights=sizes()[family], policy=policy)


def test_the_sums_of_the_sizes_are_right() -> None:
    _, *body = rows("family")
    assert tuple(row[0] for row in body) == FAMILIES
    for row in body:
        assert float(row[-1]) == pytest.approx(sum(map(float, row[1:-1])), abs=0.06)


def test_what_each_policy_needs_is_what_the_code_asks_for() -> None:
    _, *body = rows("policy")
    assert tuple(row[0] for row in body) == POLICIES
    for policy, row in zip(POLICIES, body, strict=True):
        for family, on_device, on_host in zip(FAMILIES, row[1:4], row[4:7], strict=True):
            weights = sizes()[family]
            stored = cast_to_fp8(weights, 2) if policy == "fp8" else weights
            assert float(on_device) == pytest.approx(typical_need(budget(family, policy)) / GIB, abs=0.06)
            assert float(on_host) == pytest.approx(host_weights(stored, policy) / GIB, abs=0.06)


def test_the_clips_that_fit_are_those_that_the_code_admits() -> None:
    head, *body = rows("free GiB")
    clips = [tuple(map(int, re.findall(r"\d+", cell))) for cell in head[1::2]]
    assert len(clips) == 3
    for free, *cells in body:
        device = int(free) * GIB
        own = next(policy for policy in POLICIES if typical_need(budget("ltx-2.5", policy)) <= device)
        found = [
            budget("ltx-2.5", own, device).policy_for(clip(*measures), rows=1, condition_frames=held) or "no"
            for measures in clips
            for held in (0, 1)
        ]
        assert found == cells, free


def clip(width: int, height: int, frames: int) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(24)))
