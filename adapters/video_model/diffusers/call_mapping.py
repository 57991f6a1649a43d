"""From a stage of a plan to the keyword arguments of a diffusers pipeline. Pure: no torch, no diffusers."""

from typing import Any, Final, Literal

import attrs

from domain.plan import GenerationPlan, PlannedStage
from domain.recipes import Stage
from domain.requests import ImageToVideo
from domain.sampling import NORMAL_SPEED

PipelineKind = Literal["LTX2Pipeline", "LTX2ImageToVideoPipeline", "LTX2ConditionPipeline", "LTX2InContextPipeline"]
SchedulerKind = Literal["dynamic", "static", "ancestral"]

_ALMOST_ZERO: Final = 1e-9
"""diffusers 0.42.1 computes `audio_scale = audio_scale or video_scale`: a plain 0 becomes the video's value.
To be dropped when https://github.com/huggingface/diffusers tests `is None` there."""


@attrs.frozen(kw_only=True)
class PipelineCall:
    """Which pipeline to call, on which schedule, and with what.

    The caller adds text, generator and callback; pictures and clips, as the kind of pipeline takes them; and the
    latents that a refinement starts from, or of a given sound.
    """

    kind: PipelineKind
    scheduler: SchedulerKind
    arguments: dict[str, Any]


def map_call(plan: GenerationPlan, planned: PlannedStage) -> PipelineCall:
    """The call that runs one stage of `plan`. Latents are asked for, not frames: sound is decoded first."""
    stage, canvas = planned.stage, planned.canvas
    kind = _kind(plan, stage)
    arguments = {
        "width": canvas.resolution.width,
        "height": canvas.resolution.height,
        "num_frames": canvas.frames,
        "frame_rate": float(canvas.frame_rate.rate),
        "use_cross_timestep": plan.family.use_cross_timestep,
        "output_type": "latent",
        **_schedule(stage),
        **_guidance(stage, plan.stg_block),
        **_motion(plan),
    }
    if kind == "LTX2ImageToVideoPipeline":
        (first_frame,) = plan.conditions
        arguments["image_crf"] = first_frame.crf
    return PipelineCall(kind=kind, scheduler=_scheduler(stage), arguments=arguments)


def _kind(plan: GenerationPlan, stage: Stage) -> PipelineKind:
    """By what the plan holds, whatever its mode is called.

    Only a first frame has two pipelines. The one made for it can but pin it; and given latents it would keep their
    first frame instead of encoding the picture anew, so that it is none for a refinement.
    """
    if stage.name == "base" and any(clip.role == "reference" for clip in plan.clips):
        return "LTX2InContextPipeline"
    if not (plan.conditions or plan.clips or plan.sound):
        return "LTX2Pipeline"
    pins = all(condition.strength == 1 for condition in plan.conditions)
    if plan.mode == ImageToVideo.mode and stage.name == "base" and pins:
        return "LTX2ImageToVideoPipeline"
    return "LTX2ConditionPipeline"


def _scheduler(stage: Stage) -> SchedulerKind:
    """Explicit sigmas run on a static scheduler: a dynamic one would shift them silently."""
    if stage.sampler == "ancestral":
        return "ancestral"
    return "dynamic" if stage.schedule.sigmas is None else "static"


def _schedule(stage: Stage) -> dict[str, Any]:
    sigmas = stage.schedule.sigmas
    if sigmas is None:
        return {"num_inference_steps": stage.schedule.steps}
    arguments: dict[str, Any] = {"sigmas": list(sigmas)}
    if stage.name == "refine":
        arguments["noise_scale"] = sigmas[0]  # how far the latents are noised before they are refined
    return arguments


def _guidance(stage: Stage, stg_block: int) -> dict[str, Any]:
    video, audio = stage.video, stage.audio
    has_stg = video.stg_scale > 0 or audio.stg_scale > 0
    return {
        "guidance_scale": video.guidance_scale,
        "stg_scale": video.stg_scale,
        "modality_scale": video.modality_scale,
        "guidance_rescale": video.rescale,
        "audio_guidance_scale": _audio_scale(audio.guidance_scale, video.guidance_scale),
        "audio_stg_scale": _audio_scale(audio.stg_scale, video.stg_scale),
        "audio_modality_scale": _audio_scale(audio.modality_scale, video.modality_scale),
        "audio_guidance_rescale": _audio_scale(audio.rescale, video.rescale),
        "spatio_temporal_guidance_blocks": [stg_block] if has_stg else None,
    }


def _motion(plan: GenerationPlan) -> dict[str, Any]:
    return {} if plan.motion_speed == NORMAL_SPEED else {"motion_speed": plan.motion_speed.factor}


def _audio_scale(audio: float, video: float) -> float:
    return audio if audio or not video else _ALMOST_ZERO
