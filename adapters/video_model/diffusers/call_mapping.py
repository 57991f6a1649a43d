"""From a plan to the keyword arguments of a diffusers pipeline. Pure: no torch, no diffusers."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

from domain.plan import GenerationPlan
from domain.requests import ImageToVideo, TextToVideo

PipelineKind = Literal["LTX2Pipeline", "LTX2ImageToVideoPipeline"]

_ALMOST_ZERO: Final = 1e-9
"""diffusers 0.42.1 computes `audio_scale = audio_scale or video_scale`: a plain 0 becomes the video's value.
To be dropped when https://github.com/huggingface/diffusers tests `is None` there."""


@attrs.frozen(kw_only=True)
class PipelineCall:
    """Which pipeline to call, and with what. The caller adds the generator, the callback and the picture."""

    kind: PipelineKind
    arguments: dict[str, Any]


def map_call(plan: GenerationPlan) -> PipelineCall:
    """The call that runs `plan`.

    Latents are asked for, not frames, so that the sound can be decoded before the picture.
    """
    arguments = {
        "prompt": plan.prompt,
        "negative_prompt": plan.negative_prompt,
        "width": plan.canvas.resolution.width,
        "height": plan.canvas.resolution.height,
        "num_frames": plan.canvas.frames,
        "frame_rate": float(plan.canvas.frame_rate.rate),
        "use_cross_timestep": plan.family.use_cross_timestep,
        "output_type": "latent",
        **_schedule(plan),
        **_guidance(plan),
    }
    return _MODES[plan.mode](plan, arguments)


def _text_to_video(_: GenerationPlan, arguments: dict[str, Any]) -> PipelineCall:
    return PipelineCall(kind="LTX2Pipeline", arguments=arguments)


def _image_to_video(plan: GenerationPlan, arguments: dict[str, Any]) -> PipelineCall:
    return PipelineCall(kind="LTX2ImageToVideoPipeline", arguments={**arguments, "image_crf": plan.family.image_crf})


_MODES: Final[Mapping[str, Callable[[GenerationPlan, dict[str, Any]], PipelineCall]]] = {
    TextToVideo.mode: _text_to_video,
    ImageToVideo.mode: _image_to_video,
}


def _schedule(plan: GenerationPlan) -> dict[str, Any]:
    if plan.sigmas is None:
        return {"num_inference_steps": plan.steps}
    return {"sigmas": list(plan.sigmas)}


def _guidance(plan: GenerationPlan) -> dict[str, Any]:
    video, audio = plan.video, plan.audio
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
        "spatio_temporal_guidance_blocks": [plan.stg_block] if has_stg else None,
    }


def _audio_scale(audio: float, video: float) -> float:
    return audio if audio or not video else _ALMOST_ZERO
