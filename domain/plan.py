"""From a request to a plan: every default filled, every rule of the checkpoint and of this worker applied."""

from fractions import Fraction

import attrs

from domain.capabilities import refuse_impossible
from domain.conditions import ClipCondition, Condition, SoundCondition
from domain.errors import Fault, InvalidInput, OverLimit
from domain.families import TRAINED_SECONDS, Family
from domain.geometry import ClipGeometry, Resolution
from domain.grid import CropBox, centre_crop
from domain.limits import Limits, refuse_over_limit
from domain.lora import Lora
from domain.memory import MemoryBudget, MemoryPolicy, largest_that, leanest
from domain.output import refuse_output
from domain.placing import placed
from domain.profile import Checkpoint, ModelProfile
from domain.recipes import Preset, Recipe, Stage, fewest_steps, recipe_for
from domain.requests import GenerationRequest
from domain.sampling import Seed
from domain.schedule import FixedSchedule


@attrs.frozen(kw_only=True)
class PlannedStage:
    """A stage of the recipe, on the grid point that it generates."""

    stage: Stage
    canvas: ClipGeometry


@attrs.frozen(kw_only=True)
class GenerationPlan:
    """All that a model needs to know, with nothing left to decide.

    `output` is what the caller gets, `canvas` the grid point that is generated; the picture is cropped to
    `crop` and trimmed to `output.frames`. `stages` run one after the other; the last one is on `canvas`. Each of
    `conditions` speaks of the picture with the same index among the inputs.
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
    conditions: tuple[Condition, ...] = ()
    clips: tuple[ClipCondition, ...] = ()
    """Frames of the source that the model sees; each speaks of the sequence with the same index among the inputs."""
    sound: SoundCondition | None = None
    """The given sound that the picture is made to; None: the model makes one."""
    sampling_rate: int | None = None
    """Samples per second of the model's sound; None: as its vocoder makes them."""
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
        InvalidInput: something that the checkpoint cannot do; the steps are below the schedule's floor; a picture is
            for a frame that the clip does not have, or that another one is for; the file or its poster cannot be.
        OverLimit: frames, pixels or seconds are beyond `limits`, or the clip beyond the device's memory; the
            faults name the largest that fits.
    """
    refuse_impossible(request, profile.checkpoint)
    refuse_output(request)
    conditions = placed(request, profile.checkpoint.family)
    recipe, warnings = _recipe(request, profile.checkpoint)
    if request.low_vram and not profile.has_gpu:
        warnings = (*warnings, "low_vram saves nothing here: the model runs on the CPU")
    refuse_over_limit(request, limits)
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
        conditions=conditions,
        output=request.geometry,
        canvas=canvas,
        low_vram=request.low_vram,
        policy=None if profile.memory is None else _policy(request, conditions, recipe, profile, profile.memory),
        warnings=warnings,
    )


def policy_for(
    clip: ClipGeometry,
    conditions: tuple[Condition, ...],
    recipe: Recipe,
    profile: ModelProfile,
    memory: MemoryBudget,
) -> MemoryPolicy | None:
    """The memory policy that `clip` needs; None: it does not fit under any."""
    loras = profile.checkpoint.distilled_lora_bytes or 0
    found = (
        memory.policy_for(
            planned.canvas,
            rows=planned.stage.rows,
            condition_frames=min(1, len(conditions)),  # each picture is encoded by itself
            appended_latents=sum(condition.frame > 0 for condition in conditions),
            lora_bytes=loras if planned.stage.needs_distilled_lora else 0,
        )
        for planned in _staged(recipe, profile.grid.scaled(recipe.divisor).geometry_up(clip))
    )
    policies = [policy for policy in found if policy is not None]
    return leanest(*policies) if len(policies) == len(recipe.stages) else None


def longest_clip(request: GenerationRequest, limits: Limits) -> Fraction:
    """Seconds that a model may choose at most for a request that leaves the number of frames to it."""
    by_frames = Fraction(limits.num_frames) / request.fps.rate
    return min(by_frames, Fraction(limits.seconds), Fraction(TRAINED_SECONDS))


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


def _policy(
    request: GenerationRequest,
    conditions: tuple[Condition, ...],
    recipe: Recipe,
    profile: ModelProfile,
    memory: MemoryBudget,
) -> MemoryPolicy:
    """The memory policy that the job needs. What fits under none is refused, before anything is done for it."""

    def needed(clip: ClipGeometry) -> MemoryPolicy | None:
        return policy_for(clip, conditions, recipe, profile, memory)

    policy = needed(request.geometry)
    if policy is not None:
        return policy
    largest = largest_that(lambda clip: needed(clip) is not None, request.geometry, profile.grid.scaled(recipe.divisor))
    fitting = "no clip at all" if largest is None else f"{largest.resolution} with {largest.frames} frames"
    asked = f"{request.geometry.resolution} with {request.geometry.frames} frames"
    path, *others = (*request.given_as.size_fields, request.given_as.length_field)
    message = f"x {' x '.join(others)} do not fit into the GPU's memory: {asked} were asked for, {fitting} would fit"
    faults = (Fault(path, message),)
    joined = f"Over this worker's limits: {faults[0]}"
    raise OverLimit(joined, faults=faults)


def _staged(recipe: Recipe, canvas: ClipGeometry) -> tuple[PlannedStage, ...]:
    return tuple(PlannedStage(stage=stage, canvas=_divided(canvas, stage.divisor)) for stage in recipe.stages)
