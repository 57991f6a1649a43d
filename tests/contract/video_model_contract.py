"""What every VideoModel keeps. A subclass gives the fixture `model`; small sizes, for one of them is a real network."""

import hashlib
import threading
from typing import Any

import attrs
import numpy as np
import pytest

from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import Clip, ClipStatistics, Picture
from domain.errors import DeadlineExceeded
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.recipes import Preset, available_presets, fewest_steps
from domain.requests import ImageToVideo, InlineImage, Prompt, TextToVideo
from domain.sampling import Seed, Steps

NO_DEADLINE = JobControl()
NO_PICTURE = GenerationInputs()
MOST_MISSING_SOUND = 0.1
"""Seconds: sound comes in latents of 40 ms, and their number is rounded."""
A_MOMENT = 0.3
LONG_ENOUGH = 60.0


@attrs.frozen(kw_only=True)
class Made:
    """All of a clip, and how it came."""

    frames: bytes
    sound: bytes
    chunk_sizes: tuple[int, ...]
    statistics: ClipStatistics

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.frames + self.sound).hexdigest()


def plan_for(
    model: VideoModel,
    *,
    seed: int = 1,
    size: tuple[int, int] = (64, 64),
    frames: int = 9,
    fps: float = 24,
    picture: bool = False,
    preset: Preset | None = None,
) -> GenerationPlan:
    """A plan with as few steps as the checkpoint's schedule takes."""
    profile = model.profile()
    least = fewest_steps(profile.checkpoint)
    fields: dict[str, Any] = {
        "prompt": Prompt("a lighthouse in a storm"),
        "steps": None if least is None else Steps(least),
        "width": Side(size[0]),
        "height": Side(size[1]),
        "num_frames": FrameCount(frames),
        "fps": FrameRate.from_number(fps),
        "preset": preset,
    }
    request = ImageToVideo(image=InlineImage(""), **fields) if picture else TextToVideo(**fields)
    return plan(request, profile, Limits(), Seed(seed))


def red_to(colour: tuple[int, int, int], width: int = 80, height: int = 48) -> Picture:
    """The left half red, the right half of `colour`."""
    row = bytes((255, 0, 0)) * (width // 2) + bytes(colour) * (width - width // 2)
    return Picture(Resolution(width, height), memoryview(bytearray(row * height)))


GREEN = GenerationInputs(pictures=(red_to((0, 255, 0)),))
BLUE = GenerationInputs(pictures=(red_to((0, 0, 255)),))


def consume(clip: Clip) -> Made:
    sound = clip.audio.samples.tobytes() if clip.audio else b""
    chunks = [bytes(chunk) for chunk in clip.chunks]
    return Made(
        frames=b"".join(chunks),
        sound=sound,
        chunk_sizes=tuple(len(chunk) for chunk in chunks),
        statistics=clip.statistics(),
    )


def make(
    model: VideoModel,
    planned: GenerationPlan,
    inputs: GenerationInputs = NO_PICTURE,
    control: JobControl = NO_DEADLINE,
) -> Made:
    with model.generate(planned, inputs, control) as clip:
        return consume(clip)


class HandClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class VideoModelContract:
    @pytest.fixture
    def model(self) -> VideoModel:
        raise NotImplementedError

    def test_loading_twice_is_loading_once(self, model: VideoModel) -> None:
        model.load()
        before = model.profile()
        model.load()

        assert model.profile() == before
        assert before.name
        assert before.revision
        assert before.device

    @pytest.mark.parametrize(
        ("size", "frames", "fps"),
        [((64, 64), 9, 24), ((70, 98), 12, 30), ((64, 64), 1, 60), ((64, 96), 17, 8), ((500, 300), 50, 23.976)],
        ids=["on the grid", "off the grid", "one frame", "slow", "off the grid, larger"],
    )
    def test_a_clip_has_exactly_the_geometry_asked_for(
        self, model: VideoModel, size: tuple[int, int], frames: int, fps: float
    ) -> None:
        planned = plan_for(model, size=size, frames=frames, fps=fps)
        with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
            assert clip.geometry == planned.output
            formats, taken = [], 0
            for chunk in clip.chunks:
                formats.append((chunk.format, chunk.c_contiguous, chunk.nbytes % clip.frame_bytes))
                taken += chunk.nbytes // clip.frame_bytes

        assert set(formats) == {("B", True, 0)}
        assert taken == frames

    @pytest.mark.parametrize(("frames", "fps"), [(9, 24), (1, 60), (49, 24), (17, 8)])
    def test_sound_is_complete_before_the_first_chunk(self, model: VideoModel, frames: int, fps: float) -> None:
        planned = plan_for(model, frames=frames, fps=fps)
        with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
            audio = clip.audio
            assert audio is not None
            assert (audio.samples.format, audio.samples.ndim) == ("f", 1)
            samples = np.array(audio.samples)
            for _ in clip.chunks:
                pass
            assert np.array_equal(samples, np.array(audio.samples))

        assert audio.channels in {1, 2}
        assert audio.length * audio.channels == len(samples)
        assert audio.length / audio.sampling_rate >= float(planned.output.duration) - MOST_MISSING_SOUND
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() <= 1

    def test_the_same_seed_makes_the_same_clip(self, model: VideoModel) -> None:
        first, again = make(model, plan_for(model, seed=7)), make(model, plan_for(model, seed=7))
        other = make(model, plan_for(model, seed=8))

        assert (first.frames, first.sound) == (again.frames, again.sound)
        assert first.frames != other.frames

    def test_a_job_leaves_nothing_to_the_next(self, model: VideoModel) -> None:
        first = make(model, plan_for(model))
        between = make(model, plan_for(model, size=(96, 64), seed=2, picture=True), BLUE)
        again = make(model, plan_for(model))

        assert first.digest == again.digest != between.digest

    @pytest.mark.parametrize("chunks", [0, 1])
    def test_leaving_early_frees_the_device(self, model: VideoModel, chunks: int) -> None:
        planned = plan_for(model, frames=25)
        expected = make(model, planned)

        with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
            for _, _ in zip(range(chunks), clip.chunks, strict=False):
                pass

        assert make(model, planned).digest == expected.digest

    def test_an_error_of_the_consumer_passes_and_frees_the_device(self, model: VideoModel) -> None:
        planned = plan_for(model)
        error = KeyError("of the consumer")

        def consumer() -> None:
            with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
                next(clip.chunks)
                raise error

        with pytest.raises(KeyError) as caught:
            consumer()

        assert caught.value is error
        assert make(model, planned).digest == make(model, planned).digest

    def test_steps_are_told_as_they_are_done(self, model: VideoModel) -> None:
        reports: list[StageProgress] = []
        planned = plan_for(model)

        make(model, planned, control=JobControl(report=reports.append))

        steps = [report for report in reports if report.stage == "generate"]
        assert [report.done for report in steps] == list(range(1, planned.steps + 1))
        assert {report.total for report in steps} == {planned.steps}

    def test_a_deadline_ends_the_steps_and_leaves_nothing(self, model: VideoModel) -> None:
        planned = plan_for(model)
        expected = make(model, planned)
        reports: list[StageProgress] = []
        control = JobControl(deadline=1, report=reports.append, clock=lambda: float(len(reports)))

        with pytest.raises(DeadlineExceeded), model.generate(planned, NO_PICTURE, control):
            pytest.fail("the context was entered")

        assert len(reports) == 1
        assert make(model, planned).digest == expected.digest

    def test_a_deadline_ends_the_frames_and_leaves_nothing(self, model: VideoModel) -> None:
        planned = plan_for(model, frames=25)
        expected = make(model, planned)
        clock = HandClock()
        control = JobControl(deadline=1, clock=clock)

        with model.generate(planned, NO_PICTURE, control) as clip:
            next(clip.chunks)
            clock.now = 2
            with pytest.raises(DeadlineExceeded):
                next(clip.chunks)

        assert make(model, planned).digest == expected.digest

    def test_who_waits_for_the_device_keeps_to_its_deadline(self, model: VideoModel) -> None:
        planned = plan_for(model)
        late = JobControl(deadline=0)

        with (
            model.generate(planned, NO_PICTURE, NO_DEADLINE),
            pytest.raises(DeadlineExceeded),
            model.generate(planned, NO_PICTURE, late),
        ):
            pytest.fail("two jobs were on the device")

    def test_a_second_job_waits_until_the_first_has_left(self, model: VideoModel) -> None:
        planned = plan_for(model)
        expected = make(model, planned)
        entered = threading.Event()
        made: list[Made] = []

        def second() -> None:
            with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
                entered.set()
                made.append(consume(clip))

        thread = threading.Thread(target=second, daemon=True)
        with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
            thread.start()
            first = consume(clip)
            assert not entered.wait(A_MOMENT)
        thread.join(LONG_ENOUGH)

        assert [first.digest, *(clip_made.digest for clip_made in made)] == [expected.digest] * 2

    def test_statistics_tell_the_time_it_took(self, model: VideoModel) -> None:
        statistics = make(model, plan_for(model)).statistics

        assert statistics.prepare_seconds >= 0
        assert 0 <= statistics.decode_seconds <= statistics.inference_seconds
        assert statistics.inference_seconds > 0
        assert statistics.peak_vram_bytes is None or statistics.peak_vram_bytes > 0

    def test_every_available_preset_makes_a_clip_of_its_own_geometry(self, model: VideoModel) -> None:
        for preset in available_presets(model.profile().checkpoint):
            made = make(model, plan_for(model, preset=preset, size=(70, 98), frames=9))
            assert len(made.frames) == 9 * 70 * 98 * 3
