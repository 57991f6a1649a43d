"""Runs the stages of a plan one after the other, on the same components."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import attrs
import numpy as np
import torch
from PIL import Image

from adapters.video_model.diffusers.call_mapping import PipelineCall, map_call
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.conditioning import Frames, shrunk, shrunk_frames
from adapters.video_model.diffusers.frozen import FrozenScheduler
from adapters.video_model.diffusers.lora.shelf import LoraPairs, LoraShelf
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.pipelines import build_pipeline
from adapters.video_model.diffusers.schedulers import scheduler_for
from adapters.video_model.diffusers.text.cache import EncodedText
from adapters.video_model.diffusers.text.connected import CachedConnectors, placeholders
from application.job_control import JobControl, StageProgress
from domain.conditions import ClipCondition, ClipRole
from domain.errors import ModelUnavailable
from domain.geometry import Resolution
from domain.plan import GenerationPlan, PlannedStage


@attrs.frozen(eq=False)
class Latents:
    """Denormalised latents of a clip in float32: `video` (1, C, F', H', W') and `audio` (1, C, L, mel bins)."""

    video: torch.Tensor
    audio: torch.Tensor


@attrs.frozen(kw_only=True, eq=False)
class StageInputs:
    """What a job brings to its stages beside the plan.

    `pictures` and `clips` have the size of the finished canvas, one for each of the plan's conditions and clips.
    `sound` are the audio latents that the plan's `sound` is about. `loras` are active in every stage; beside
    a reference in the first. `negative` may be None where no stage is guided.
    """

    positive: EncodedText
    negative: EncodedText | None
    pictures: tuple[Image.Image, ...] = ()
    clips: tuple[Frames, ...] = ()
    sound: torch.Tensor | None = None
    loras: LoraPairs = ()


@attrs.frozen(kw_only=True, eq=False)
class StageRunner:
    """Denoises one plan. `transformer_context` opens what the transformer runs in beside the given adapters."""

    components: Components
    residency: Residency
    shelf: LoraShelf
    distilled_lora: Path | None
    transformer_context: Callable[[LoraPairs], AbstractContextManager[None]]
    plan: GenerationPlan
    inputs: StageInputs
    control: JobControl

    def run(self) -> Latents:
        """The latents of the whole clip. Raises what torch raises, and what `control.check` raises."""
        # On the CPU for every device: the same seed gives the same noise on each kind of GPU.
        generator = torch.Generator("cpu").manual_seed(self.plan.seed.number)
        first, *others = self.plan.stages
        with self.residency.using(*self._used):  # once for all stages: under an offload the transformer moves but once
            latents = self._denoised(first, None, generator, steps_done=0)
            steps_done = first.stage.schedule.steps
            for planned in others:
                start = self._upsampled(latents, by="latent_upsampler")
                latents = self._denoised(planned, start, generator, steps_done=steps_done)
                steps_done += planned.stage.schedule.steps
        for _ in range(self.plan.temporal_rounds):
            latents = self._upsampled(latents, by="temporal_upsampler")
        return latents

    @property
    def _used(self) -> tuple[str, ...]:
        """What a pipeline computes with; pictures and clips are encoded by the VAE."""
        return ("transformer", "vae") if self.inputs.pictures or self.inputs.clips else ("transformer",)

    def _upsampled(self, latents: Latents, *, by: Literal["latent_upsampler", "temporal_upsampler"]) -> Latents:
        """Twice the size in width and height, or of F latents in time 2F - 1; the sound as it is.

        Both upsamplers work on latents as the VAE knows them, not normalised (`upsample_latents` of diffusers'
        LTX2DFRTemporalRefinePipeline).
        """
        self.control.check()
        upsampler = self.components.by_name[by]
        with self.residency.using(by), torch.no_grad():
            larger = upsampler(latents.video.to(upsampler.dtype))
        return attrs.evolve(latents, video=larger.float())

    def _denoised(
        self, planned: PlannedStage, start: Latents | None, generator: torch.Generator, *, steps_done: int
    ) -> Latents:
        call = map_call(self.plan, planned)
        positive, negative = self.inputs.positive, self.inputs.negative
        device = self.residency.device
        pipeline = build_pipeline(
            self.components,
            call.kind,
            scheduler=scheduler_for(self.components.by_name["scheduler"], call.scheduler, self.plan.seed.number),
            connectors=CachedConnectors(positive, negative, device),
            device=device,
            audio_scheduler=None if self.inputs.sound is None else FrozenScheduler(),
        )
        loras = [*self._given_loras(planned), *self._distilled_lora(planned)]
        with self.shelf.applied(loras), self.transformer_context(loras):
            output = pipeline(
                **call.arguments,
                **placeholders(positive, negative),
                **self._conditions(call, planned),
                **self._start(start),
                generator=generator,
                callback_on_step_end=self._step_counter(steps_done),
            )
        return Latents(video=output.frames, audio=output.audio)

    def _conditions(self, call: PipelineCall, planned: PlannedStage) -> dict[str, Any]:
        """Pictures and clips as the kind of pipeline takes them, in the size of the stage's canvas."""
        size = planned.canvas.resolution
        if call.kind == "LTX2ImageToVideoPipeline":
            return {"image": shrunk(self.inputs.pictures[0], size)}
        arguments: dict[str, Any] = {}
        if self.inputs.pictures or self._clips("held"):
            arguments["conditions"] = self._held(size)
        if call.kind == "LTX2InContextPipeline":
            arguments["reference_conditions"] = [
                self._reference(frames, condition, size) for frames, condition in self._clips("reference")
            ]
        return arguments

    def _held(self, size: Resolution) -> list[Any]:
        """What holds frames of the clip. Of strength 0 nothing: tokens of pure noise would be appended."""
        from adapters.video_model.diffusers.frame_placing import PlacedFrames  # noqa: PLC0415 - loads diffusers

        pictures = zip(self.inputs.pictures, self.plan.conditions, strict=True)
        return [
            *(
                PlacedFrames(
                    pixels=np.array(shrunk(picture, size))[None],  # a copy: torch wants to be allowed to write
                    frame=where.frame,
                    strength=where.strength,
                    crf=where.crf,
                )
                for picture, where in pictures
                if where.strength > 0
            ),
            *(
                PlacedFrames(pixels=shrunk_frames(frames, size), frame=where.frame, strength=where.strength)
                for frames, where in self._clips("held")
            ),
        ]

    def _reference(self, frames: Frames, condition: ClipCondition, size: Resolution) -> Any:  # noqa: ANN401 - of diffusers
        from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition  # noqa: PLC0415 - heavy

        images = [Image.fromarray(frame) for frame in shrunk_frames(frames, size)]
        return LTX2ReferenceCondition(frames=images, strength=condition.strength)

    def _clips(self, role: ClipRole) -> list[tuple[Frames, ClipCondition]]:
        """The clips that the model is given for `role`; one of strength 0 it is not."""
        clips = zip(self.inputs.clips, self.plan.clips, strict=True)
        return [(frames, where) for frames, where in clips if where.role == role and where.strength > 0]

    def _given_loras(self, planned: PlannedStage) -> LoraPairs:
        """The job's own. Beside a reference they are made for it, and a refinement, which does not see it, has none.

        So does the makers' ICLoraPipeline.
        """
        sees_reference = planned.stage.name == "base" or not self._clips("reference")
        return self.inputs.loras if sees_reference else ()

    def _start(self, latents: Latents | None) -> dict[str, Any]:
        """What a stage starts from beside noise."""
        if latents is not None:
            return {"latents": latents.video, "audio_latents": latents.audio}
        return {} if self.inputs.sound is None else {"audio_latents": self.inputs.sound}

    def _step_counter(self, steps_done: int) -> Callable[..., dict[str, Any]]:
        """A pipeline's callback that reports each step and ends the run when the job is over."""

        def on_step_end(_: object, step: int, __: object, tensors: dict[str, Any]) -> dict[str, Any]:
            self.control.report(StageProgress("generate", steps_done + step + 1, self.plan.steps))
            self.control.check()  # raising is the clean way out: diffusers' own interrupt would still decode
            return tensors

        return on_step_end

    def _distilled_lora(self, planned: PlannedStage) -> LoraPairs:
        if not planned.stage.needs_distilled_lora:
            return ()
        if self.distilled_lora is None:
            message = "The checkpoint's distilled LoRA is missing"
            raise ModelUnavailable(message)
        return ((self.distilled_lora, 1.0),)
