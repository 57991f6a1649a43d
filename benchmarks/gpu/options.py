"""What the command is told, and what it does when it is not told."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import attrs
import torch

from adapters.video_model.config import Acceleration, DataType, FamilyName, Quantization
from benchmarks.gpu.architecture import Scale
from benchmarks.gpu.subject import ClipSize
from domain.memory import POLICIES, MemoryPolicy

RESULT: Final = Path(__file__).resolve().parents[1] / "results" / "gpu.json"

_SIZE: Final = re.compile(r"(\d+)x(\d+)x(\d+)", re.ASCII)
_GRID: Final = 32
"""Pixels of a latent. Figures of clips that are cropped would not compare."""
_ONE_STAGE: Final = {"true": ("768x512x121", "1280x704x121"), "tiny": ("64x64x9", "96x64x17")}
_TWO_STAGE: Final = {"true": ("1536x1024x121",), "tiny": ("128x128x9",)}


@attrs.frozen(kw_only=True)
class Options:
    """See the command's help."""

    device: str
    scale: Scale
    families: tuple[FamilyName, ...]
    sizes: tuple[ClipSize, ...]
    distilled: bool
    steps: int | None
    rounds: int
    dtype: DataType
    memory_policy: MemoryPolicy | None
    acceleration: Acceleration
    same_prompt: bool
    scratch: Path | None
    json: Path


def parsed(arguments: Sequence[str] | None = None) -> Options:
    """Of the command line. Ends the process with a message if they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    on_gpu = given.device.startswith("cuda")
    scale: Scale = given.architecture or ("true" if on_gpu else "tiny")
    one_stage = given.sizes if given.sizes is not None else [_size(text) for text in _ONE_STAGE[scale]]
    default = [] if given.checkpoint == "dev" else [_size(text) for text in _TWO_STAGE[scale]]
    two_stage = given.two_stage if given.two_stage is not None else default
    if any(size.width % (2 * _GRID) or size.height % (2 * _GRID) for size in two_stage):
        parser.error(f"the sides of a two-stage clip are multiples of {2 * _GRID}")
    if given.checkpoint == "dev" and two_stage:
        parser.error("a dev checkpoint refines with the distilled LoRA, which has no random stand-in: no --two-stage")
    if given.checkpoint == "distilled" and given.steps is not None:
        parser.error("a distilled checkpoint runs its own sigmas: --steps goes with --checkpoint dev")
    return Options(
        device=given.device,
        scale=scale,
        families=tuple(given.families),
        sizes=(*one_stage, *(attrs.evolve(size, stages=2) for size in two_stage)),
        distilled=given.checkpoint == "distilled",
        steps=given.steps,
        rounds=given.rounds,
        dtype=given.dtype or ("bfloat16" if on_gpu else "float32"),
        memory_policy=given.memory_policy,
        acceleration=Acceleration(compile=given.compile, attention=given.attention, quantization=given.quantization),
        same_prompt=given.same_prompt,
        scratch=given.scratch,
        json=given.json,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    families = list(get_args(FamilyName))
    add = parser.add_argument
    add("--device", default=device, help="where to compute (default here: %(default)s)")
    add("--architecture", choices=get_args(Scale), help="true sizes of all components (default on a GPU), or tiny ones")
    add("--families", nargs="+", choices=families, default=["ltx-2.5"], help="default: %(default)s")
    add("--checkpoint", choices=("distilled", "dev"), default="distilled", help="default: %(default)s")
    add("--sizes", nargs="*", type=_size, help="one-stage clips, such as 768x512x121")
    add("--two-stage", nargs="*", type=_size, help="two-stage clips by their final size, such as 1536x1024x121")
    add("--steps", type=int, help="of the worker on a dev checkpoint (default: the makers' 40 or 30)")
    add("--rounds", type=int, default=3, help="timed clips of each kind, after one that is not (default: %(default)s)")
    add("--dtype", choices=get_args(DataType), help="default: bfloat16 on a GPU, float32 on the CPU")
    add("--memory-policy", choices=POLICIES, help="default: what the worker chooses")
    add("--compile", action="store_true", help="the worker's regional torch.compile")
    add("--attention", help="the worker's attention backend, by diffusers' name")
    add("--quantization", choices=get_args(Quantization), help="the worker's arithmetic in the large layers")
    add("--same-prompt", action="store_true", help="repeat one prompt, which the worker then encodes once")
    add("--scratch", type=Path, help="folder for the file whose loading is timed (default: the system's)")
    add("--json", type=Path, default=RESULT, help="default: benchmarks/results/gpu.json")
    return parser


def _size(text: str) -> ClipSize:
    found = _SIZE.fullmatch(text)
    if found is None:
        message = f"{text} is not WIDTHxHEIGHTxFRAMES"
        raise argparse.ArgumentTypeError(message)
    width, height, frames = (int(number) for number in found.groups())
    if width % _GRID or height % _GRID or frames % 8 != 1:
        message = f"{text} is off the grid: sides are multiples of {_GRID}, frames 8k+1"
        raise argparse.ArgumentTypeError(message)
    return ClipSize(width=width, height=height, frames=frames)
