"""From a request to a plan: every default filled, every rule of the checkpoint and of this worker applied."""

from fractions import Fraction

import attrs

from domain.capabilities import refuse_impossible
from domain.conditions import ClipCondition, Condition, SoundCondition
from domain.errors import Fault, InvalidInput, OverLimit
from domain.families import TRAINED_SECONDS, Family
from domain.geometry import ClipGeometry, Resolution
from domain.grid import CropBox, centre_crop, interpolated
from domain.interpolation import denser, finished, interpolation_for
from domain.limits import Limits, refuse_over_limit
from domain.lora import Lora
from domain.memory import MemoryBudget, MemoryPolicy, largest_that, leanest
from domain.output import refuse_output
from domain.placing import placed
from domain.profile import Checkpoint, ModelProfile
from domain.recipes import Preset, Recipe, Stage, fewest_steps, recipe_for, upscaled_recipe
from domain.requests import GenerationRequest
from domain.sampling import NORMAL_SPEED, MotionSpeed, Seed
from domain.schedule import FixedSchedule
from domain.seen_frames import SeenFrames
from domain.sound import Soundtrack
from domain.source_media import Source
from domain.sourcing import sourced
from domain.stretch import Stretch
from domain.upscaling import before, refuse_upscaling


@attrs.frozen(kw_only=True)
class PlannedStage:
    """A stage of the recipe, on the grid point that it generates."""

    stage: Stage
    canvas: ClipGeometry


@attrs.frozen(kw_only=True)
class GenerationPlan:
    """All that a model needs to know, with nothing left to decide.

    `output` is what the model hands out, `canvas` the grid point that is generated; the picture is cropped to
    `crop` and trimmed to `output.frames`. `finished` is what the caller gets: the same, but for what is done to a
    clip after it was generated. `stages` run one after the other; the last one is on `canvas`. Each of
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
    motion_speed: MotionSpeed = NORMAL_SPEED
    temporal_rounds: int = 0
    """How often the model doubles the frames in latents: `output` has 2^rounds times the frames and the rate of what
    is denoised, in the same time; `canvas` and the conditions speak of what is denoised."""
    output: ClipGeometry
    canvas: ClipGeometry
    finished: ClipGeometry = attrs.field(default=attrs.Factory(lambda self: self.output, takes_self=True))
    interpolation: int = 1
    """By how much frames and rate are multiplied after the model, by the motion that is seen in them."""
    stretch: Stretch | None = None
    """How what the model makes is put into its source; None: it is the whole clip."""
    soundtrack: Soundtrack = "made"
    may_halve_chroma: bool = False
    """Whether the model may hand out yuv420p: the file keeps no more, and no frame is made of others or put beside
    those of a source before that."""
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
    def decoded(self) -> ClipGeometry:
        """What the latents are decoded to."""
        return interpolated(self.canvas, self.temporal_rounds)

    @property
    def crop(self) -> CropBox:
        return centre_crop(self.canvas.resolution, self.output.resolution)


def refuse_unplannable(request: GenerationRequest, profile: ModelProfile) -> None:
    """Refuse what can be refused before the request's source is known. Raises InvalidInput, as `plan`."""
    refuse_impossible(request, profile.checkpoint)
    refuse_upscaling(request)
    refuse_output(request, None)
    _recipe(request, profile.checkpoint)


def plan(
    request: GenerationRequest, profile: ModelProfile, limits: Limits, seed: Seed, source: Source | None = None
) -> GenerationPlan:
    """Apply the checkpoint's recipe and this worker's limits to a request. Pure.

    Where the number of frames is left to the model, the plan is for one frame, until it is known. A request that
    begins with a source is settled by it before.

    Raises:
        InvalidInput: something that the checkpoint cannot do; the steps are below the schedule's floor; a picture is
            for a frame that the clip does not have, or that another one is for; the file or its poster cannot be.
        OverLimit: frames, pixels or seconds are beyond `limits`, or the clip beyond the device's memory; the
            faults name the largest that fits.
    """
    refuse_impossible(request, profile.checkpoint)
    refuse_upscaling(request)
    parts = sourced(request, source)
    whole = finished(parts.finished, request.interpolate)
    refuse_output(request, None if request.num_frames is None else whole.frames)
    conditions = placed(request, profile.checkpoint.family)
    recipe, warnings = _recipe(request, profile.checkpoint)
    if request.low_vram and not profile.has_gpu:
        warnings = (*warnings, "low_vram saves nothing here: the model runs on the CPU")
    refuse_over_limit(request, limits)
    if request.geometry.duration * _hurry(request) > TRAINED_SECONDS:
        at_speed = " at this motion_speed" * (_hurry(request) > 1)
        longer = f"the clip is longer{at_speed} than the {TRAINED_SECONDS} seconds that the model was trained on"
        warnings = (*warnings, longer)
    if request.negative_prompt and not any(stage.rows > 1 for stage in recipe.stages):
        warnings = (*warnings, "negative_prompt was ignored: nothing is guided")
    grid = profile.grid.scaled(recipe.divisor)
    canvas = grid.geometry_up(parts.output)
    interpolation = interpolation_for(request, profile.checkpoint)
    rounds, factor = (0, 1) if interpolation is None else (interpolation.temporal_rounds, interpolation.motion_factor)
    clips = () if source is None else request.clips(source, canvas.frames)
    context = parts.output.frames - request.geometry.frames
    seen = SeenFrames(conditions=conditions, clips=clips)
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
        clips=clips,
        sound=parts.sound,
        sampling_rate=parts.sampling_rate,
        motion_speed=request.motion_speed,
        temporal_rounds=rounds,
        output=denser(parts.output, 2**rounds),
        canvas=canvas,
        finished=whole,
        interpolation=factor,
        stretch=parts.stretch,
        soundtrack=parts.soundtrack,
        may_halve_chroma=request.output_format.halves_chroma and parts.stretch is None and factor == 1,
        low_vram=request.low_vram,
        policy=_policy(request, context, seen, recipe, profile, rounds=rounds),
        warnings=warnings,
    )


def policy_for(
    clip: ClipGeometry,
    seen: SeenFrames,
    recipe: Recipe,
    profile: ModelProfile,
    memory: MemoryBudget,
    *,
    temporal_rounds: int = 0,
) -> MemoryPolicy | None:
    """The memory policy that `clip`, as it is denoised, needs; None: it does not fit under any."""
    loras = profile.checkpoint.distilled_lora_bytes or 0
    canvas = profile.grid.scaled(recipe.divisor).geometry_up(clip)
    found = (
        memory.policy_for(
            planned.canvas,
            rows=planned.stage.rows,
            condition_frames=seen.at_once(canvas.frames, is_first=number == 0),
            appended_latents=seen.appended_latents(canvas.frames, is_first=number == 0),
            lora_bytes=loras if planned.stage.needs_distilled_lora else 0,
            temporal_rounds=temporal_rounds,
        )
        for number, planned in enumerate(_staged(recipe, canvas))
    )
    policies = [policy for policy in found if policy is not None]
    return leanest(*policies) if len(policies) == len(recipe.stages) else None


def longest_clip(request: GenerationRequest, limits: Limits) -> Fraction:
    """Seconds that a model may choose at most for a request that leaves the number of frames to it."""
    by_frames = Fraction(limits.num_frames) / request.fps.rate
    return min(by_frames, Fraction(limits.seconds), Fraction(TRAINED_SECONDS))


def _recipe(request: GenerationRequest, checkpoint: Checkpoint) -> tuple[Recipe, tuple[str, ...]]:
    """The preset's recipe with the request's own steps and guidance in its first stage, and its upscaling behind."""
    recipe = recipe_for(checkpoint, request.preset)
    if request.upscale is not None:
        recipe = upscaled_recipe(recipe, checkpoint)
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


def _hurry(request: GenerationRequest) -> Fraction:
    """By how much more time the clip spans for the model than it lasts; its sound is never squeezed."""
    return Fraction(max(1, request.motion_speed.factor))


def _divided(canvas: ClipGeometry, divisor: int) -> ClipGeometry:
    size = Resolution(canvas.resolution.width // divisor, canvas.resolution.height // divisor)
    return attrs.evolve(canvas, resolution=size)


def _policy(
    request: GenerationRequest, context: int, seen: SeenFrames, recipe: Recipe, profile: ModelProfile, *, rounds: int
) -> MemoryPolicy | None:
    """The memory policy that the job needs. What fits under none is refused, before anything is done for it.

    `context`: frames of the source that are generated beside those that are asked for.
    """
    memory = profile.memory
    if memory is None:
        return None

    def needed(clip: ClipGeometry) -> MemoryPolicy | None:
        whole = attrs.evolve(clip, frames=clip.frames + context)
        return policy_for(whole, seen, recipe, profile, memory, temporal_rounds=rounds)

    policy = needed(request.geometry)
    if policy is not None:
        return policy
    largest = largest_that(lambda clip: needed(clip) is not None, request.geometry, profile.grid.scaled(recipe.divisor))
    fitting = "no clip at all" if largest is None else _asked_as(largest, request)
    asked = _asked_as(request.geometry, request)
    fields: list[str] = [*request.given_as.size_fields, request.length_field, *_upscaled_by(request)]
    message = (
        f"x {' x '.join(fields[1:])} do not fit into the GPU's memory: {asked} were asked for, {fitting} would fit"
    )
    faults = (Fault(fields[0], message),)
    joined = f"Over this worker's limits: {faults[0]}"
    raise OverLimit(joined, faults=faults)


def _asked_as(clip: ClipGeometry, request: GenerationRequest) -> str:
    """In the words of a request: before its upscaling."""
    return f"{before(clip.resolution, request.upscale)} with {clip.frames} frames"


def _upscaled_by(request: GenerationRequest) -> tuple[str, ...]:
    return () if request.upscale is None else ("upscale",)


def _staged(recipe: Recipe, canvas: ClipGeometry) -> tuple[PlannedStage, ...]:
    return tuple(PlannedStage(stage=stage, canvas=_divided(canvas, stage.divisor)) for stage in recipe.stages)
