"""From a request to a plan: every default filled, every rule of the checkpoint and of this worker applied."""

from fractions import Fraction
from typing import Final

import attrs

from domain.errors import Fault, InvalidInput, OverLimit
from domain.families import TRAINED_SECONDS, Family
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.grid import CropBox, centre_crop
from domain.lora import Lora
from domain.memory import MemoryBudget, MemoryPolicy, largest_that, leanest
from domain.profile import Checkpoint, ModelProfile
from domain.recipes import Preset, Recipe, Stage, fewest_steps, recipe_for
from domain.requests import GenerationRequest
from domain.sampling import Seed
from domain.schedule import FixedSchedule

FULL_HD: Final = Resolution(1920, 1088)


@attrs.frozen(kw_only=True)
class Limits:
    """The largest clip that this worker takes (MAX_NUM_FRAMES, MAX_PIXELS, MAX_SECONDS)."""

    num_frames: int = 1025
    pixels: int = FULL_HD.pixels
    seconds: float = 20.0


@attrs.frozen(kw_only=True)
class PlannedStage:
    """A stage of the recipe, on the grid point that it generates."""

    stage: Stage
    canvas: ClipGeometry


@attrs.frozen(kw_only=True)
class GenerationPlan:
    """All that a model needs to know, with nothing left to decide.

    `output` is what the caller gets, `canvas` the grid point that is generated; the picture is cropped to
    `crop` and trimmed to `output.frames`. `stages` run one after the other; the last one is on `canvas`.
    """

    mode: str
    prompt: str
    negative_prompt: str
    seed: Seed
    preset: Preset
    stages: tuple[PlannedStage, ...]
    family: Family
    stg_block: int
    loras: tuple[Lora, ...]
    output: ClipGeometry
    canvas: ClipGeometry
    low_vram: bool
    policy: MemoryPolicy | None
    """The fastest way to keep the weights with which it fits into the device's memory; None: that is not asked."""
    warnings: tuple[str, ...] = ()

    @property
    def base(self) -> Stage:
        """The stage that the request's `steps` and `guidance` speak of."""
        return self.stages[0].stage

    @property
    def steps(self) -> int:
        """Denoising steps of all stages."""
        return sum(planned.stage.schedule.steps for planned in self.stages)

    @property
    def crop(self) -> CropBox:
        return centre_crop(self.canvas.resolution, self.output.resolution)


def plan(request: GenerationRequest, profile: ModelProfile, limits: Limits, seed: Seed) -> GenerationPlan:
    """Apply the checkpoint's recipe and this worker's limits to a request. Pure.

    Where the number of frames is left to the model, the plan is for one frame, until it is known.

    Raises:
        InvalidInput: something that the checkpoint cannot do; the steps are below the schedule's floor.
        OverLimit: frames, pixels or seconds are beyond `limits`, or the clip beyond the device's memory; the
            faults name the largest that fits.
    """
    _refuse_impossible(request, profile.checkpoint)
    recipe, warnings = _recipe(request, profile.checkpoint)
    if request.low_vram and not profile.has_gpu:
        warnings = (*warnings, "low_vram saves nothing here: the model runs on the CPU")
    _refuse_over_limit(request.geometry, limits)
    if request.geometry.duration > TRAINED_SECONDS:
        warnings = (*warnings, f"the clip is longer than the {TRAINED_SECONDS} seconds that the model was trained on")
    if request.negative_prompt and not any(stage.rows > 1 for stage in recipe.stages):
        warnings = (*warnings, "negative_prompt was ignored: nothing is guided")
    grid = profile.grid.scaled(recipe.divisor)
    canvas = grid.geometry_up(request.geometry)
    return GenerationPlan(
        mode=request.mode,
        prompt=request.prompt.text,
        negative_prompt=request.negative_prompt or "",
        seed=seed,
        preset=recipe.preset,
        stages=_staged(recipe, canvas),
        family=profile.checkpoint.family,
        stg_block=min(profile.checkpoint.family.stg_block, profile.checkpoint.transformer_layers - 1),
        loras=request.loras,
        output=request.geometry,
        canvas=canvas,
        low_vram=request.low_vram,
        policy=None if profile.memory is None else _policy(request, recipe, profile, profile.memory),
        warnings=warnings,
    )


def longest_clip(request: GenerationRequest, limits: Limits) -> Fraction:
    """Seconds that a model may choose at most for a request that leaves the number of frames to it."""
    by_frames = Fraction(limits.num_frames) / request.fps.rate
    return min(by_frames, Fraction(limits.seconds), Fraction(TRAINED_SECONDS))


def _refuse_impossible(request: GenerationRequest, checkpoint: Checkpoint) -> None:
    faults = []
    if request.enhance_prompt and not checkpoint.can_enhance:
        faults.append(
            Fault("enhance_prompt", "is not available on this worker: the checkpoint's enhancer is not loaded")
        )
    if request.num_frames is None and not checkpoint.has_duration_head:
        faults.append(
            Fault("num_frames", "must be an integer: this checkpoint does not tell how long a clip should be")
        )
    if faults:
        raise InvalidInput(tuple(faults))


def _recipe(request: GenerationRequest, checkpoint: Checkpoint) -> tuple[Recipe, tuple[str, ...]]:
    """The preset's recipe with the request's own steps and guidance in its first stage."""
    recipe = recipe_for(checkpoint, request.preset)
    base = recipe.stages[0]
    least = fewest_steps(checkpoint)
    if least is None or isinstance(base.schedule, FixedSchedule):
        given = {"steps": request.steps, "guidance": request.guidance}
        return recipe, tuple(
            f"{name} was ignored: a distilled checkpoint runs its own {base.schedule.steps} steps without guidance"
            for name, value in given.items()
            if value is not None
        )
    if request.steps is not None:
        if request.steps.count < least:
            message = f"must be at least {least} on this checkpoint's schedule, got {request.steps.count}"
            raise InvalidInput((Fault("steps", message),))
        base = attrs.evolve(base, schedule=attrs.evolve(base.schedule, steps=request.steps.count))
    if request.guidance is not None:
        base = attrs.evolve(base, video=attrs.evolve(base.video, guidance_scale=request.guidance.scale))
    return attrs.evolve(recipe, stages=(base, *recipe.stages[1:])), ()


def _divided(canvas: ClipGeometry, divisor: int) -> ClipGeometry:
    size = Resolution(canvas.resolution.width // divisor, canvas.resolution.height // divisor)
    return attrs.evolve(canvas, resolution=size)


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


def _policy(request: GenerationRequest, recipe: Recipe, profile: ModelProfile, memory: MemoryBudget) -> MemoryPolicy:
    """The memory policy that the job needs. What fits under none is refused, before anything is done for it."""
    grid = profile.grid.scaled(recipe.divisor)
    held = 0 if request.first_frame is None else 1
    loras = profile.checkpoint.distilled_lora_bytes or 0

    def needed(clip: ClipGeometry) -> MemoryPolicy | None:
        found = (
            memory.policy_for(
                planned.canvas,
                rows=planned.stage.rows,
                condition_frames=held,
                lora_bytes=loras if planned.stage.needs_distilled_lora else 0,
            )
            for planned in _staged(recipe, grid.geometry_up(clip))
        )
        policies = [policy for policy in found if policy is not None]
        return leanest(*policies) if len(policies) == len(recipe.stages) else None

    policy = needed(request.geometry)
    if policy is not None:
        return policy
    largest = largest_that(lambda clip: needed(clip) is not None, request.geometry, grid)
    fitting = "no clip at all" if largest is None else f"{largest.resolution} with {largest.frames} frames"
    asked = f"{request.geometry.resolution} with {request.geometry.frames} frames"
    message = f"x height x num_frames do not fit into the GPU's memory: {asked} were asked for, {fitting} would fit"
    faults = (Fault("width", message),)
    joined = f"Over this worker's limits: {faults[0]}"
    raise OverLimit(joined, faults=faults)


def _staged(recipe: Recipe, canvas: ClipGeometry) -> tuple[PlannedStage, ...]:
    return tuple(PlannedStage(stage=stage, canvas=_divided(canvas, stage.divisor)) for stage in recipe.stages)


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
