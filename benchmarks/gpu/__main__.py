"""The command: `python -m benchmarks.gpu`."""

import sys

from adapters.video_model.diffusers.device import chosen_device
from benchmarks.gpu.architecture import ARCHITECTURES
from benchmarks.gpu.clips import measure_clips
from benchmarks.gpu.figures import ClipFigures, LoadFigures
from benchmarks.gpu.loading import measure_loading
from benchmarks.gpu.options import Options, parsed
from benchmarks.gpu.report import as_json, clip_table, load_table, machine
from benchmarks.quiet import quiet
from domain.errors import SettingsInvalid


def main() -> None:
    """Measure, print the tables, write the JSON."""
    options = parsed()
    quiet()
    try:
        chosen_device(options.device)
    except SettingsInvalid as exc:
        sys.exit(exc.message)
    loads, clips = _measured(options)
    facts = machine(options)
    print(f"{facts['device']}, {options.dtype}, torch {facts['torch']}, diffusers {facts['diffusers']}")
    print(f"{options.scale} architectures, random weights, rounds: {options.rounds}; medians, least to most\n")
    print(load_table(loads), clip_table(clips), sep="\n\n")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(as_json(options, loads, clips), encoding="utf-8")


def _measured(options: Options) -> tuple[list[LoadFigures], list[ClipFigures]]:
    """One family after the other; the loading first, while the device is empty."""
    loads, clips = [], []
    for family in options.families:
        architecture = ARCHITECTURES[options.scale][family]
        loads += list(measure_loading(options, architecture))
        clips += list(measure_clips(options, architecture))
    return loads, clips


if __name__ == "__main__":
    main()
