"""A model that paints flat frames, at once."""

import array
import hashlib
from collections import defaultdict, deque
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from typing import Final, Literal

from typing_extensions import override

from adapters.video_model.turns import Turns
from application.job_control import JobControl, StageProgress
from application.ports.video_model import EnhancedPrompt, GenerationInputs, VideoModel
from domain.clip import Audio, Clip, ClipStatistics
from domain.errors import GpuFailed, WorkerError
from domain.families import LTX_2_3
from domain.geometry import FrameCount, FrameRate
from domain.plan import GenerationPlan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import Prompt
from domain.sampling import Seed

Moment = Literal["load", "enhance", "enter", "chunk"]

FAKE_PROFILE: Final = ModelProfile(
    name="fake",
    revision="0",
    checkpoint=Checkpoint(
        family=LTX_2_3,
        is_distilled=False,
        transformer_layers=2,
        has_upsampler=True,
        distilled_lora_bytes=0,
        has_duration_head=True,
        can_enhance=True,
    ),
    device="cpu",
)
STATISTICS: Final = ClipStatistics(prepare_seconds=0.25, inference_seconds=2.0, decode_seconds=0.5)

_CHUNK_FRAMES = 4
_SAMPLING_RATE = 24_000


class FakeVideoModel(VideoModel):
    """Frames of one colour each, four in a chunk, that follows from seed, prompt, pictures and frame number.

    Pictures change every frame, and the one that each is for once more, by its strength and CRF; at strength 0 nothing.
    Clips change every frame too, and those held at a frame show the colour of their first pixel there; so does a given
    sound, which is handed out as it was.

    Sound is else a constant level as long as the picture, mono, 24 kHz or the plan's rate; `silent = True` makes clips
    without. The statistics are always STATISTICS. `profile` may be any; loading it is free. An enhanced prompt names
    the seed and whether there was a picture, with `text_warnings`; a clip is predicted to last a tenth of a second for
    each letter of its prompt.

    Look inside: `plans` and `inputs` list what `generate` was asked for, in order; `loads` counts the calls of `load`
    and `profile` that brought the weights in; `left` counts the contexts that were left, in whatever way.

    Break it: `fail("enter", OutOfMemory("…"))` lets the next entry raise behind the last step, once for each error
    given, in order; `fail("load", …)` the next loading, `fail("enhance", …)` the next rewriting of a prompt.
    `fail("chunk", …, after=2)` lets the next clip raise in the place of its third chunk. A GpuFailed fails its own job
    and those that wait; with `stays_lost = True` all later ones too, as in a real process.
    """

    def __init__(self, profile: ModelProfile = FAKE_PROFILE) -> None:
        self.plans: list[GenerationPlan] = []
        self.inputs: list[GenerationInputs] = []
        self.loads = 0
        self.left = 0
        self.silent = False
        self.stays_lost = False
        self.text_warnings: tuple[str, ...] = ()
        self._profile = profile
        self._turns = Turns()
        self._queued: defaultdict[Moment, deque[tuple[WorkerError, int]]] = defaultdict(deque)

    def fail(self, moment: Moment, *errors: WorkerError, after: int = 0) -> None:
        self._queued[moment].extend((error, after) for error in errors)

    @override
    def load(self) -> None:
        if not self.loads:
            self._raise_queued("load")
            self.loads += 1

    @override
    def profile(self) -> ModelProfile:
        self.load()
        return self._profile

    @override
    def describe(self) -> ModelProfile:
        return self._profile

    @override
    def enhance(self, prompt: Prompt, inputs: GenerationInputs, seed: Seed, control: JobControl) -> EnhancedPrompt:
        self.load()
        with self._turn(control):
            control.check()
            self._raise_queued("enhance")
            picture = " as pictured" if inputs.pictures else ""
            return EnhancedPrompt(prompt=Prompt(f"{prompt.text}, {seed.number}{picture}"), warnings=self.text_warnings)

    @override
    def predict_frames(
        self, prompt: Prompt, frame_rate: FrameRate, longest: Fraction, control: JobControl
    ) -> FrameCount:
        self.load()
        with self._turn(control):
            control.check()
            wanted = min(Fraction(len(prompt.text), 10), longest)
            return FrameCount(max(1, int(wanted * frame_rate.rate)))

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        self.load()
        with self._turn(control):
            self.plans.append(plan)
            self.inputs.append(inputs)
            try:
                self._run_steps(plan, control)
                content = _content(plan, inputs)
                colours = [_colour(plan, inputs, content, index) for index in range(plan.output.frames)]
                with closing(self._chunks(plan, colours, control)) as chunks:
                    yield Clip(
                        geometry=plan.output,
                        pixel_format="rgb24",
                        audio=None if self.silent else inputs.sound or _level(plan, content),
                        chunks=chunks,
                        statistics=lambda: STATISTICS,
                    )
            finally:
                self.left += 1

    @contextmanager
    def _turn(self, control: JobControl) -> Iterator[None]:
        try:
            with self._turns.taken(control):
                yield
        except GpuFailed:
            if not self.stays_lost:
                self._turns = Turns()
            raise

    def _run_steps(self, plan: GenerationPlan, control: JobControl) -> None:
        control.check()
        for step in range(plan.steps):
            control.report(StageProgress("generate", step + 1, plan.steps))
            control.check()
        self._raise_queued("enter")

    def _chunks(
        self, plan: GenerationPlan, colours: list[bytes], control: JobControl
    ) -> Generator[memoryview, None, None]:
        pixels = plan.output.resolution.pixels
        for number, start in enumerate(range(0, plan.output.frames, _CHUNK_FRAMES)):
            control.check()
            self._raise_queued("chunk", number)
            yield memoryview(b"".join(colour * pixels for colour in colours[start : start + _CHUNK_FRAMES]))

    def _raise_queued(self, moment: Moment, number: int = 0) -> None:
        queue = self._queued[moment]
        if queue and queue[0][1] == number:
            raise queue.popleft()[0]


def _content(plan: GenerationPlan, inputs: GenerationInputs) -> bytes:
    """Of all that is given, in a hash."""
    digest = hashlib.sha256(f"{plan.seed.number} {plan.prompt} ".encode())
    for picture, condition in zip(inputs.pictures, plan.conditions, strict=True):
        if condition.strength:
            digest.update(picture.pixels)
    for clip, shown in zip(inputs.clips, plan.clips, strict=True):
        if shown.strength:
            digest.update(f"{shown} ".encode() + b"".join(clip.chunks))
    if inputs.sound is not None:
        digest.update(inputs.sound.samples.cast("B"))
    return digest.digest()


def _colour(plan: GenerationPlan, inputs: GenerationInputs, content: bytes, number: int) -> bytes:
    for clip, shown in zip(inputs.clips, plan.clips, strict=True):
        if shown.role == "held" and shown.strength and 0 <= number - shown.frame < clip.frames:
            frame = (number - shown.frame) * clip.resolution.pixels * 3
            return b"".join(clip.chunks)[frame : frame + 3]
    held = repr([condition for condition in plan.conditions if condition.frame == number and condition.strength])
    return hashlib.sha256(content + number.to_bytes(4) + held.encode()).digest()[:3]


def _level(plan: GenerationPlan, content: bytes) -> Audio:
    rate = plan.sampling_rate or _SAMPLING_RATE
    samples = array.array("f", [content[0] / 256]) * plan.output.samples(rate)
    return Audio(rate, 1, memoryview(samples))
