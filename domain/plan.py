"""From a request to a plan: every default filled, every rule of the checkpoint and of this worker applied."""

from fractions import Fraction
from typing import Final

import attrs

from domain.errors import Fault, InvalidInput, OverLimit
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.grid import CropBox, centre_crop
from domain.profile import Family, Guidance, ModelProfile
from domain.requests import GenerationRequest
from domain.sampling import Seed

FULL_HD: Final = Resolution(1920, 1088)


@attrs.frozen(kw_only=True)
class Limits:
    """The largest clip that this worker takes (MAX_NUM_FRAMES, MAX_PIXELS, MAX_SECONDS)."""

    num_frames: int = 1025
    pixels: int = FULL_HD.pixels
    seconds: float = 20.0


@attrs.frozen(kw_only=True)
class GenerationPlan:
    """All that a model needs to know, with nothing left to decide.

    `output` is what the caller gets, `canvas` the grid point that is generated; the picture is cropped to
    `crop` and trimmed to `output.frames`.
    """

    mode: str
    prompt: str
    negative_prompt: str
    seed: Seed
    steps: int
    sigmas: tuple[float, ...] | None
    video: Guidance
    audio: Guidance
    family: Family
    stg_block: int
    output: ClipGeometry
    canvas: ClipGeometry
    low_vram: bool
    warnings: tuple[str, ...] = ()

    @property
    def crop(self) -> CropBox:
        return centre_crop(self.canvas.resolution, self.output.resolution)


def plan(request: GenerationRequest, profile: ModelProfile, limits: Limits, seed: Seed) -> GenerationPlan:
    """Apply the checkpoint's recipe and this worker's limits to a request. Pure.

    Raises:
        InvalidInput: the steps are below the schedule's floor.
        OverLimit: frames, pixels or seconds are beyond `limits`; the faults name the largest that fits.
    """
    steps, video, warnings = _sampling(request, profile)
    if request.low_vram and not profile.has_gpu:
        warnings = (*warnings, "low_vram had no effect: the model runs on the CPU")
    _refuse_over_limit(request.geometry, limits)
    return GenerationPlan(
        mode=request.mode,
        prompt=request.prompt.text,
        negative_prompt=request.negative_prompt or "",
        seed=seed,
        steps=steps,
        sigmas=profile.recipe.sigmas,
        video=video,
        audio=profile.recipe.audio,
        family=profile.family,
        stg_block=min(profile.family.stg_block, profile.transformer_layers - 1),
        output=request.geometry,
        canvas=profile.grid.geometry_up(request.geometry),
        low_vram=request.low_vram,
        warnings=warnings,
    )


def _sampling(request: GenerationRequest, profile: ModelProfile) -> tuple[int, Guidance, tuple[str, ...]]:
    recipe = profile.recipe
    if recipe.is_distilled:
        given = {"steps": request.steps, "guidance": request.guidance}
        ignored = [name for name, value in given.items() if value is not None]
        warnings = tuple(
            f"{name} was ignored: a distilled checkpoint runs its own {recipe.steps} steps without guidance"
            for name in ignored
        )
        return recipe.steps, recipe.video, warnings
    steps = recipe.steps if request.steps is None else request.steps.count
    if steps < recipe.min_steps:
        message = f"must be at least {recipe.min_steps} on this checkpoint's schedule, got {steps}"
        raise InvalidInput((Fault("steps", message),))
    if request.guidance is None:
        return steps, recipe.video, ()
    return steps, attrs.evolve(recipe.video, guidance_scale=request.guidance.scale), ()


def _refuse_over_limit(asked: ClipGeometry, limits: Limits) -> None:
    faults = []
    if asked.frames > limits.num_frames:
        message = f"must be at most {limits.num_frames} on this worker, got {asked.frames}"
        faults.append(Fault("num_frames", message))
    seconds = Fraction(limits.seconds)
    if asked.duration > seconds:
        fitting = max(1, int(seconds * asked.frame_rate.rate))
        message = (
            f"must be at most {fitting} at {asked.frame_rate.number} fps ({limits.seconds:g} seconds), "
            f"got {asked.frames}"
        )
        faults.append(Fault("num_frames", message))
    if asked.resolution.pixels > limits.pixels:
        message = (
            f"x height must be at most {limits.pixels} pixels on this worker (such as "
            f"{_largest_like(asked.resolution, limits.pixels)}), got {asked.resolution}"
        )
        faults.append(Fault("width", message))
    if faults:
        joined = "Over this worker's limits: " + "; ".join(str(fault) for fault in faults)
        raise OverLimit(joined, faults=tuple(faults))


def _largest_like(asked: Resolution, pixels: int) -> Resolution:
    """About the largest size of the asked shape that has at most `pixels` pixels; its sides are valid ones.

    A long, thin shape shrunk to its proportions could fall below MIN_SIDE: there the other side gives way.
    """
    scale = (pixels / asked.pixels) ** 0.5
    width, height = _side(asked.width * scale), _side(asked.height * scale)
    width = min(width, _side(pixels / height))
    return Resolution(width, min(height, _side(pixels / width)))


def _side(pixels: float) -> int:
    """The largest even side not above `pixels`, but never below MIN_SIDE."""
    return max(MIN_SIDE, int(pixels) // 2 * 2)
