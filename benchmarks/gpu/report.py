"""The figures as a table and as JSON."""

import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import attrs
import torch

from benchmarks.gpu.figures import ClipFigures, LoadFigures, Spread
from benchmarks.gpu.options import Options

SCHEMA: Final = 1
"""Raise it when the JSON's form changes."""

_TEXT: Final = ("text_encoder", "connectors")
_CLIP_HEAD: Final = (
    "family", "clip", "made by", "clip s", "spread", "base step s", "base s", "refine s", "text s", "decode s",
    "forwards", "peak GB",
)  # fmt: skip
_LOAD_HEAD: Final = ("family", "components", "GB", "cache", "loaded by", "s", "spread", "GB/s")


def as_json(options: Options, loads: Sequence[LoadFigures], clips: Sequence[ClipFigures]) -> str:
    """All figures, with what they were measured on."""
    asked = {name: str(value) if name in {"json", "scratch"} else value for name, value in _plain(options).items()}
    figures = {
        "schema": SCHEMA,
        "machine": machine(options),
        "options": asked,
        "loads": [_plain(load) for load in loads],
        "clips": [_plain(clip) for clip in clips],
    }
    return json.dumps(figures, indent=2) + "\n"


def machine(options: Options) -> dict[str, Any]:
    """What the figures were measured on, and when."""
    is_cuda = options.device.startswith("cuda")
    return {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "device": torch.cuda.get_device_name(options.device) if is_cuda else platform.processor() or "cpu",
        "device_bytes": torch.cuda.get_device_properties(options.device).total_memory if is_cuda else None,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "diffusers": version("diffusers"),
        "transformers": version("transformers"),
    }


def clip_table(clips: Sequence[ClipFigures]) -> str:
    """One line a clip and way of making it; failures and remarks below."""
    rows = [_clip_row(clip) for clip in clips]
    notes = {
        f"{clip.subject}: {note}": None
        for clip in clips
        for note in (*clip.remarks, *([f"{_size(clip)}: {clip.failure}"] if clip.failure else []))
    }
    return "\n".join([_table(_CLIP_HEAD, rows), *notes])


def load_table(loads: Sequence[LoadFigures]) -> str:
    """One line a cache and loader."""
    rows = [
        (
            load.family,
            "+".join(load.components),
            f"{load.file_bytes / 1e9:.3g}",
            load.cache,
            load.subject,
            f"{load.seconds.median:.3f}",
            _range(load.seconds),
            f"{load.gb_per_second:.2f}",
        )
        for load in loads
    ]
    return _table(_LOAD_HEAD, rows)


def _clip_row(clip: ClipFigures) -> tuple[str, ...]:
    start = (clip.family, _size(clip), clip.subject)
    if clip.seconds is None:
        return (*start, "failed", *[""] * (len(_CLIP_HEAD) - len(start) - 1))
    stages = {stage.name: stage for stage in clip.stages}
    refine = stages.get("refine")
    return (
        *start,
        f"{clip.seconds.median:.3f}",
        _range(clip.seconds),
        f"{stages['base'].step_seconds.median:.3f}",
        f"{stages['base'].seconds.median:.3f}",
        "" if refine is None else f"{refine.seconds.median:.3f}",
        f"{sum(clip.parts.get(part, 0.0) for part in _TEXT):.3f}",
        f"{clip.parts['vae']:.3f}",
        str(clip.forwards),
        "" if clip.peak_vram_bytes is None else f"{clip.peak_vram_bytes / 1e9:.1f}",
    )


def _size(clip: ClipFigures) -> str:
    return f"{clip.width}x{clip.height}x{clip.frames}"


def _range(values: Spread) -> str:
    return f"{values.least:.3f} to {values.most:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(line.rstrip() for line in lines)


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any attrs object
    return attrs.asdict(value)
