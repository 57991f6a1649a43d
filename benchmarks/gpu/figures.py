"""The figures of a run, as they are printed and written."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import numpy as np

from benchmarks.gpu.subject import ClipSize, SubjectName
from domain.schedule import REFINEMENT_SIGMAS

StageName = Literal["base", "refine"]
Cache = Literal["warm", "cold"]


@attrs.frozen(kw_only=True)
class Spread:
    """Median and extremes of repeated measurements."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    return Spread(median=statistics.median(values), least=min(values), most=max(values))


@attrs.frozen(kw_only=True)
class StageFigures:
    """Of one denoising stage. `seconds`: all its steps; `step_seconds`: one step, over all steps of all rounds."""

    name: StageName
    steps: int
    seconds: Spread
    step_seconds: Spread


@attrs.frozen(kw_only=True)
class ClipFigures:
    """Of one kind of clip, made in one way.

    `seconds`: from the request to all frames on the host. `parts`: seconds in each component, median. `forwards`: of
    the transformer, in one clip. `peak_vram_bytes`: of torch's allocator, weights included, the most of all rounds;
    None on the CPU. `difference`: the mean distance of its frames to those of "same_recipe", in 8-bit levels; None
    where there is nothing to compare. `failure`: why there are no figures.
    """

    family: str
    checkpoint: str
    width: int
    height: int
    frames: int
    subject: SubjectName
    rounds: int
    seconds: Spread | None = None
    stages: tuple[StageFigures, ...] = ()
    parts: Mapping[str, float] = attrs.field(factory=dict)
    forwards: int | None = None
    peak_vram_bytes: int | None = None
    difference: float | None = None
    remarks: tuple[str, ...] = ()
    failure: str | None = None


@attrs.frozen(kw_only=True)
class LoadFigures:
    """Of reading components from a disk to the device. `gb_per_second` counts 10^9 bytes of files."""

    family: str
    components: tuple[str, ...]
    file_bytes: int
    cache: Cache
    subject: Literal["worker", "from_pretrained"]
    seconds: Spread
    gb_per_second: float


def stage_figures(size: ClipSize, steps: Sequence[Sequence[float]]) -> tuple[StageFigures, ...]:
    """Of every round's seconds per step: the last three are the second stage, where there is one."""
    cut = len(steps[0]) - (len(REFINEMENT_SIGMAS) if size.stages > 1 else 0)
    parts: dict[StageName, list[Sequence[float]]] = {
        "base": [of_round[:cut] for of_round in steps],
        "refine": [of_round[cut:] for of_round in steps],
    }
    return tuple(
        StageFigures(
            name=name,
            steps=len(rounds[0]),
            seconds=spread([sum(of_round) for of_round in rounds]),
            step_seconds=spread([second for of_round in rounds for second in of_round]),
        )
        for name, rounds in parts.items()
        if rounds[0]
    )


def differences(clips: Mapping[str, Any]) -> dict[str, float]:
    """Mean distance of each clip (uint8 arrays of one shape) to the one of "same_recipe", if that was made."""
    reference = clips.get("same_recipe")
    if reference is None:
        return {}
    return {name: _distance(frames, reference) for name, frames in clips.items()}


def _distance(frames: Any, reference: Any) -> float:  # noqa: ANN401 - numpy arrays
    """Frame by frame: a whole clip in a wider type would be gigabytes."""
    pairs = zip(frames, reference, strict=True)
    return float(np.mean([np.abs(one.astype(np.int16) - other).mean() for one, other in pairs]))
