"""One job on the device, from text to frames; when memory runs out, once more in a leaner way."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

import attrs
import torch

from adapters.video_model.diffusers.conditioning import FittedInputs
from adapters.video_model.diffusers.decoding import chunks_on_host, decode_audio, handed_out
from adapters.video_model.diffusers.device import room
from adapters.video_model.diffusers.engine import Engine
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.lora.shelf import LoraPairs
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.metering import Meter
from adapters.video_model.diffusers.picture_decoding import PictureDecoder
from adapters.video_model.diffusers.sound_encoding import encode_sound
from adapters.video_model.diffusers.stages import Latents, StageInputs, StageRunner
from adapters.video_model.diffusers.text.cache import MAX_TOKENS, EncodedText
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Audio, Clip, ClipStatistics
from domain.errors import OutOfMemory
from domain.memory import MemoryPolicy, leanest
from domain.plan import GenerationPlan


@contextmanager
def rendered(
    engine: Engine, plan: GenerationPlan, inputs: GenerationInputs, loras: LoraPairs, control: JobControl
) -> Iterator[Clip]:
    """The clip of `plan`, as the port promises it. The caller has the device's turn."""
    meter = Meter(control.clock, engine.device)
    meter.start()
    with ExitStack() as job:
        with meter.part("prepare"):
            given = FittedInputs.of(inputs, plan)
        rendering = Rendering(engine=engine, plan=plan, given=given, loras=loras, control=control, meter=meter)
        audio = rendering.denoise(job)
        chunks = job.enter_context(closing(rendering.chunks()))
        yield Clip(
            geometry=plan.output,
            pixel_format=handed_out(plan, engine.device),
            audio=audio,
            chunks=chunks,
            statistics=rendering.statistics,
        )


@attrs.define(kw_only=True, eq=False)
class Rendering:
    """The work on one plan."""

    engine: Engine
    plan: GenerationPlan
    given: FittedInputs
    loras: LoraPairs
    control: JobControl
    meter: Meter
    _warnings: list[str] = attrs.field(init=False, factory=list)
    _latents: Latents | None = attrs.field(init=False, default=None)
    _residency: Residency = attrs.field(init=False)
    _policy: MemoryPolicy = attrs.field(init=False)

    def denoise(self, job: ExitStack) -> Audio:
        """Make the latents, and decode the sound. Until `job` is closed, the weights are kept as this job wants them.

        Raises:
            OutOfMemory: also in the next leaner way there was not enough.
        """
        first = self._first_policy()
        try:
            return self._attempt(first, job)
        except OutOfMemory:
            leaner = self.engine.budget.leaner(first)
            if leaner is None:
                raise
        # Outside of the handler. `Residency.using` has let go of what the failed frames held on the device.
        self._warnings.append(f"memory ran out with the weights kept {first}; the clip was made with {leaner}")
        return self._attempt(leaner, job)

    def chunks(self) -> Generator[memoryview, None, None]:
        """Frames as they are asked for. The weights of the decoder are in use until the last one, or until closed."""
        self.control.check()
        with closing(self._decoder().pieces(self._made.video)) as pieces:
            self._latents = None
            converted = chunks_on_host(pieces, self.plan, handed_out(self.plan, self.engine.device))
            while True:
                self.control.check()
                with translated(), self.meter.part("decode"):
                    chunk = next(converted, None)
                if chunk is None:
                    return
                yield chunk

    def statistics(self) -> ClipStatistics:
        """What the work took, in the way in which it was done."""
        return attrs.evolve(
            self.meter.statistics(), memory_policy=self._policy, warnings=tuple(dict.fromkeys(self._warnings))
        )

    @property
    def _made(self) -> Latents:
        if self._latents is None:
            message = "the latents are decoded already, or not made yet"
            raise RuntimeError(message)
        return self._latents

    def _first_policy(self) -> MemoryPolicy:
        """As the weights are kept, unless the job asks for less, or the plan says that it needs less."""
        kept = self.engine.residency.policy
        lower = self.engine.budget.leaner(kept) if self.plan.low_vram else None
        if self.plan.low_vram and lower is None:
            self._warnings.append(f"low_vram had no effect: the weights are kept {kept}, and there is no leaner way")
        first = leanest(kept, lower or kept, self.plan.policy or kept)
        if first != (lower or kept):
            self._warnings.append(f"the clip was made with {first}: with {kept} it would not fit into the memory")
        return first

    def _attempt(self, policy: MemoryPolicy, job: ExitStack) -> Audio:
        with ExitStack() as stack, translated():
            with self.meter.part("prepare"):
                self._residency = self.engine.residency
                if policy != self._residency.policy:
                    self.engine.shelf.clear()
                    self._residency = stack.enter_context(self._residency.lowered(policy))
                    stack.callback(self.engine.shelf.clear)  # adapters go where they came, under one policy
                self._policy = policy
            with self.meter.part("denoise"):
                self._latents = self._denoised()
            with self.meter.part("decode"), self._residency.using("audio_vae", "vocoder"):
                audio = decode_audio(self.engine.components, self._latents.audio, self.plan.sampling_rate)
            job.push(stack.pop_all())
        return audio

    def _denoised(self) -> Latents:
        engine = self.engine
        self.control.check()
        positive, negative = self._texts()
        inputs = StageInputs(
            positive=positive,
            negative=negative,
            pictures=self.given.pictures,
            clips=self.given.clips,
            sound=self._heard(),
            loras=self.loras,
        )
        return StageRunner(
            components=engine.components,
            residency=self._residency,
            shelf=engine.shelf,
            distilled_lora=engine.distilled_lora,
            transformer_context=engine.transformer_context,
            plan=self.plan,
            inputs=inputs,
            control=self.control,
        ).run()

    def _heard(self) -> torch.Tensor | None:
        """The given sound's latents."""
        if self.given.sound is None:
            return None
        with self._residency.using("audio_vae"):
            return encode_sound(self.engine.components, self.given.sound, self.plan.canvas)

    def _texts(self) -> tuple[EncodedText, EncodedText | None]:
        engine, plan = self.engine, self.plan
        encoder = PromptEncoder(engine.components, self._residency, engine.device, engine.texts, plan.family.name)
        texts = [plan.prompt]
        if any(planned.stage.rows > 1 for planned in plan.stages):
            texts.append(plan.negative_prompt)
        variant = engine.shelf.text_key(self.loras)
        with ExitStack() as stack:
            if variant:  # an adapter reaches into the connectors
                stack.enter_context(engine.shelf.applied(self.loras))
            encoded = encoder.encode_each(texts, variant)
        for name, text in zip(("prompt", "negative_prompt"), encoded, strict=False):
            if text.lost_tokens:
                self._warnings.append(f"{name} was cut after {MAX_TOKENS} tokens, {text.lost_tokens} were lost")
        return encoded[0], encoded[1] if len(encoded) > 1 else None

    def _decoder(self) -> PictureDecoder:
        return PictureDecoder(
            components=self.engine.components,
            residency=self._residency,
            measures=self.engine.budget.dimensions,
            made=self.plan.decoded,
            check=self.control.check,
            warn=self._warnings.append,
            room=partial(room, self.engine.device),
        )
