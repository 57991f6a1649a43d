"""Runs the stages of a plan one after the other, on the same components."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import attrs
import torch
from PIL import Image

from adapters.video_model.diffusers.call_mapping import PipelineCall, map_call
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.conditioning import shrunk
from adapters.video_model.diffusers.lora.shelf import LoraPairs, LoraShelf
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.pipelines import build_pipeline
from adapters.video_model.diffusers.schedulers import scheduler_for
from adapters.video_model.diffusers.text.cache import EncodedText
from adapters.video_model.diffusers.text.connected import CachedConnectors, placeholders
from application.job_control import JobControl, StageProgress
from domain.errors import ModelUnavailable
from domain.plan import GenerationPlan, PlannedStage


@attrs.frozen(eq=False)
class Latents:
    """Denormalised latents of a clip in float32: `video` (1, C, F', H', W') and `audio` (1, C, L, mel bins)."""

    video: torch.Tensor
    audio: torch.Tensor


@attrs.frozen(kw_only=True, eq=False)
class StageInputs:
    """What a job brings to its stages beside the plan.

    `pictures` have the size of the finished canvas, one for each of the plan's conditions. `loras` are active in every
    stage. `negative` may be None where no stage is guided.
    """

    positive: EncodedText
    negative: EncodedText | None
    pictures: tuple[Image.Image, ...] = ()
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
                latents = self._denoised(planned, self._upsampled(latents), generator, steps_done=steps_done)
                steps_done += planned.stage.schedule.steps
        return latents

    @property
    def _used(self) -> tuple[str, ...]:
        """What a pipeline computes with; a picture is encoded by the VAE."""
        return ("transformer", "vae") if self.inputs.pictures else ("transformer",)

    def _upsampled(self, latents: Latents) -> Latents:
        """Twice the size in width and height; the sound as it is."""
        upsampler = self.components.by_name["latent_upsampler"]
        with self.residency.using("latent_upsampler"), torch.no_grad():
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
        )
        loras = [*self.inputs.loras, *self._distilled_lora(planned)]
        with self.shelf.applied(loras), self.transformer_context(loras):
            output = pipeline(
                **call.arguments,
                **placeholders(positive, negative),
                **self._conditions(call, planned),
                **_start(start),
                generator=generator,
                callback_on_step_end=self._step_counter(steps_done),
            )
        return Latents(video=output.frames, audio=output.audio)

    def _conditions(self, call: PipelineCall, planned: PlannedStage) -> dict[str, Any]:
        """The pictures as the kind of pipeline takes them, in the size of the stage's canvas."""
        pictures = [shrunk(picture, planned.canvas.resolution) for picture in self.inputs.pictures]
        if not pictures:
            return {}
        if call.kind == "LTX2ImageToVideoPipeline":
            return {"image": pictures[0]}
        from adapters.video_model.diffusers.frame_placing import PlacedPicture  # noqa: PLC0415 - loads diffusers

        placed = zip(pictures, self.plan.conditions, strict=True)
        # at strength 0 tokens of pure noise would be appended
        return {"conditions": [PlacedPicture(picture, where) for picture, where in placed if where.strength > 0]}

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


def _start(latents: Latents | None) -> dict[str, Any]:
    return {} if latents is None else {"latents": latents.video, "audio_latents": latents.audio}
