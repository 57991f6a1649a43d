"""Makes the clips, each in every way in turn, and times them."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
import torch

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.engine import Engine
from benchmarks.gpu.architecture import Architecture
from benchmarks.gpu.checkpoint import random_engine
from benchmarks.gpu.clock import finish
from benchmarks.gpu.figures import ClipFigures, differences, spread, stage_figures
from benchmarks.gpu.options import Options
from benchmarks.gpu.plain import SHAREABLE, documented, same_recipe
from benchmarks.gpu.probe import Probe, Work
from benchmarks.gpu.subject import ClipSize, Subject
from benchmarks.gpu.trials import Timing, Trials
from benchmarks.gpu.worker import Worker

_PROMPT: Final = "A red fox walks through a snowy forest at dawn, golden light between the pines, snow creaking"


@attrs.define
class _Prompts:
    """A prompt for each clip: another one each time, so that each has to be encoded, or always the same."""

    is_same: bool
    _given: int = 0

    def next(self) -> str:
        self._given += not self.is_same
        return f"{_PROMPT}, take {self._given}"


def measure_clips(options: Options, architecture: Architecture) -> Iterator[ClipFigures]:
    """Figures of every size, for every subject, all on one set of weights."""
    config = ModelConfig(
        name=f"random/{architecture.family}",
        device=options.device,
        dtype=options.dtype,
        memory_policy=options.memory_policy,
        acceleration=options.acceleration,
    )
    engine = random_engine(config, architecture, distilled=options.distilled)
    prompts = _Prompts(options.same_prompt)
    for size in options.sizes:
        print(f"{architecture.family} {size} ...", file=sys.stderr, flush=True)
        yield from _measure_size(options, engine, size, prompts)


def _measure_size(options: Options, engine: Engine, size: ClipSize, prompts: _Prompts) -> list[ClipFigures]:
    all_trials = [Trials(subject) for subject in _subjects(options, engine, size)]
    distances = _warmed_up(all_trials, prompts.next())
    for number in range(options.rounds):
        for trials in _rotated(all_trials, number):
            if trials.failure is None:
                with trials.trial():
                    trials.timings.append(_timed(trials.subject, engine, prompts.next()))
    return [
        attrs.evolve(_figures(engine, size, trials), difference=distances.get(trials.subject.name))
        for trials in all_trials
    ]


def _subjects(options: Options, engine: Engine, size: ClipSize) -> list[Subject]:
    """Plain diffusers only where the worker has not changed the components that they share."""
    worker = Worker(engine, size, options.steps)
    is_changed = options.acceleration.compile or options.acceleration.quantization is not None
    if is_changed or engine.residency.policy not in SHAREABLE:
        return [worker]
    return [worker, documented(engine, size), same_recipe(engine, size, options.steps)]


def _warmed_up(all_trials: Sequence[Trials], prompt: str) -> dict[str, float]:
    """Make one clip each that is not timed, and compare the clips."""
    kept: dict[str, Any] = {}
    for trials in all_trials:
        with trials.trial():
            kept[trials.subject.name] = trials.subject.make(prompt, _ignore, keep=True)
    return differences(kept)


def _timed(subject: Subject, engine: Engine, prompt: str) -> Timing:
    device, is_cuda = engine.device, engine.device.startswith("cuda")
    probe = Probe(device)
    if is_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    with probe.watching(engine.components.by_name):
        finish(device)
        begin = time.perf_counter()
        subject.make(prompt, probe.step_ended, keep=False)
        finish(device)
        seconds = time.perf_counter() - begin
    peak = torch.cuda.max_memory_allocated(device) if is_cuda else None
    return Timing(seconds=seconds, work=probe.work(), peak_bytes=peak)


def _figures(engine: Engine, size: ClipSize, trials: Trials) -> ClipFigures:
    checkpoint = engine.profile.checkpoint
    empty = ClipFigures(
        family=checkpoint.family.name,
        checkpoint="distilled" if checkpoint.is_distilled else "dev",
        width=size.width,
        height=size.height,
        frames=size.frames,
        subject=trials.subject.name,
        rounds=len(trials.timings),
        remarks=trials.remarks,
        failure=trials.failure,
    )
    if trials.failure is not None:
        return empty
    works = [timing.work for timing in trials.timings]
    peaks = [timing.peak_bytes for timing in trials.timings if timing.peak_bytes is not None]
    return attrs.evolve(
        empty,
        seconds=spread([timing.seconds for timing in trials.timings]),
        stages=stage_figures(size, [work.steps for work in works]),
        parts={
            part: spread([work.parts[part] for work in works if part in work.parts]).median for part in _parts(works)
        },
        forwards=_the_same([work.forwards for work in works]),
        peak_vram_bytes=max(peaks, default=None),
    )


def _parts(works: Sequence[Work]) -> list[str]:
    return sorted({part for work in works for part in work.parts})


def _the_same(counts: Sequence[int]) -> int:
    if len(set(counts)) != 1:
        message = f"the same clip took {sorted(set(counts))} forwards"
        raise RuntimeError(message)
    return counts[0]


def _rotated(all_trials: Sequence[Trials], number: int) -> Sequence[Trials]:
    """The subjects take turns, and turns at being first."""
    shift = number % len(all_trials)
    return (*all_trials[shift:], *all_trials[:shift])


def _ignore() -> None:
    """A step of a clip that is not timed."""
