"""What every VideoModel keeps about the pictures that a clip is to show. A subclass gives the fixture `model`."""

import attrs
import pytest

from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import Picture
from domain.conditions import FramePosition, Strength
from domain.errors import DeadlineExceeded
from domain.geometry import FrameCount, Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.recipes import Preset, available_presets, fewest_steps
from domain.requests import InlineImage, Keyframe, KeyframesToVideo, Prompt
from domain.sampling import Seed, Steps
from tests.contract.video_model_contract import BLUE, GREEN, NO_PICTURE, consume, make, plan_for, red_to

BOTH = GenerationInputs(pictures=(*GREEN.pictures, *BLUE.pictures))


def keyframed(
    model: VideoModel,
    *numbers: int,
    frames: int = 17,
    strength: float = 1.0,
    size: tuple[int, int] = (64, 64),
    preset: Preset | None = None,
) -> GenerationPlan:
    """A plan with a keyframe at each of `numbers`, and as few steps as the checkpoint's schedule takes."""
    profile = model.profile()
    least = fewest_steps(profile.checkpoint)
    request = KeyframesToVideo(
        prompt=Prompt("a lighthouse in a storm"),
        steps=None if least is None else Steps(least),
        width=Side(size[0]),
        height=Side(size[1]),
        num_frames=FrameCount(frames),
        preset=preset,
        keyframes=tuple(
            Keyframe(image=InlineImage("-"), frame=FramePosition(number), strength=Strength(strength))
            for number in numbers
        ),
    )
    return plan(request, profile, Limits(), Seed(1))


class ConditionsContract:
    @pytest.fixture
    def model(self) -> VideoModel:
        raise NotImplementedError

    def test_the_picture_changes_the_clip(self, model: VideoModel) -> None:
        planned = plan_for(model, picture=True)

        without = make(model, plan_for(model))
        green, blue = make(model, planned, GREEN), make(model, planned, BLUE)

        assert len({without.frames, green.frames, blue.frames}) == 3

    def test_the_callers_picture_is_not_needed_after_the_entry(self, model: VideoModel) -> None:
        planned = keyframed(model, 0, 5)
        expected = make(model, planned, BOTH)
        pixels = bytearray(BLUE.pictures[0].pixels)
        later = Picture(Resolution(80, 48), memoryview(pixels))

        with model.generate(planned, GenerationInputs(pictures=(*GREEN.pictures, later)), JobControl()) as clip:
            pixels[:] = bytes(len(pixels))
            made = consume(clip)

        assert made.digest == expected.digest

    def test_a_keyframe_counts_by_its_picture_and_by_its_very_frame(self, model: VideoModel) -> None:
        without = make(model, plan_for(model, frames=17))
        green = [make(model, keyframed(model, frame), GREEN) for frame in (0, 5, 6, 15, 16)]
        blue = make(model, keyframed(model, 5), BLUE)

        assert len({made.frames for made in (without, *green, blue)}) == 7

    def test_a_negative_frame_counts_from_the_end(self, model: VideoModel) -> None:
        assert make(model, keyframed(model, -1), GREEN).digest == make(model, keyframed(model, 16), GREEN).digest

    def test_each_picture_belongs_to_the_condition_in_its_place(self, model: VideoModel) -> None:
        planned = keyframed(model, 0, -1)
        swapped = GenerationInputs(pictures=BOTH.pictures[::-1])

        assert make(model, planned, BOTH).frames != make(model, planned, swapped).frames

    @pytest.mark.parametrize("frame", [0, 5])
    def test_strength_goes_from_nothing_to_all(self, model: VideoModel, frame: int) -> None:
        none, half, full = (keyframed(model, frame, strength=strength) for strength in (0.0, 0.5, 1.0))

        assert make(model, none, GREEN).digest == make(model, none, BLUE).digest
        assert len({make(model, planned, GREEN).frames for planned in (none, half, full)}) == 3

    def test_keyframes_leave_nothing_to_the_next_job(self, model: VideoModel) -> None:
        first = make(model, plan_for(model, picture=True), GREEN)
        between = [make(model, keyframed(model, 3, 9), BOTH), make(model, keyframed(model, 1, strength=0.5), BLUE)]
        again = make(model, plan_for(model, picture=True), GREEN)

        assert first.digest == again.digest
        assert first.digest not in {made.digest for made in between}

    def test_a_deadline_ends_the_steps_and_leaves_nothing(self, model: VideoModel) -> None:
        planned = keyframed(model, 3, 9)
        expected = make(model, planned, BOTH)
        reports: list[StageProgress] = []
        control = JobControl(deadline=1, report=reports.append, clock=lambda: float(len(reports)))

        with pytest.raises(DeadlineExceeded), model.generate(planned, BOTH, control):
            pytest.fail("the context was entered")

        assert len(reports) == 1
        assert make(model, planned, BOTH).digest == expected.digest

    def test_every_available_preset_takes_keyframes(self, model: VideoModel) -> None:
        for preset in available_presets(model.profile().checkpoint):
            planned = keyframed(model, 4, -1, size=(70, 98), frames=10, preset=preset)
            made = make(model, planned, BOTH)

            assert len(made.frames) == 10 * 70 * 98 * 3
            assert made.frames != make(model, attrs.evolve(planned, mode="t2v", conditions=()), NO_PICTURE).frames

    def test_eight_keyframes_are_taken(self, model: VideoModel) -> None:
        pictures = tuple(red_to((0, 255, 30 * number)) for number in range(8))
        planned = keyframed(model, *range(8), frames=9)

        assert len(make(model, planned, GenerationInputs(pictures=pictures)).frames) == 9 * 64 * 64 * 3
