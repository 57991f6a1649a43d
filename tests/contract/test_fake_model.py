import attrs
import pytest
from typing_extensions import override

from application.ports.video_model import GenerationInputs
from domain.errors import GpuFailed, ModelUnavailable, OutOfMemory, WorkerError
from tests.contract.video_model_capabilities_contract import (
    DescribingContract,
    EnhancingContract,
    PredictingContract,
    TwoStageContract,
)
from tests.contract.video_model_conditions_contract import ConditionsContract
from tests.contract.video_model_contract import GREEN, NO_DEADLINE, NO_PICTURE, VideoModelContract, make, plan_for
from tests.contract.video_model_sources_contract import SourcesContract
from tests.fakes.video_model import FAKE_PROFILE, FakeVideoModel, Moment
from tests.support.shown_sources import held, inputs_for, pixels_of, showing


class TestTheFakesDescription(DescribingContract):
    @pytest.fixture
    def unloaded(self) -> FakeVideoModel:
        return FakeVideoModel()

    def test_it_is_counted_as_no_loading(self, unloaded: FakeVideoModel) -> None:
        unloaded.describe()

        assert unloaded.loads == 0


class TestFakeModel(
    VideoModelContract, ConditionsContract, SourcesContract, TwoStageContract, EnhancingContract, PredictingContract
):
    @pytest.fixture
    @override
    def model(self) -> FakeVideoModel:
        return FakeVideoModel()

    @pytest.mark.parametrize(
        ("moment", "errors"),
        [
            ("load", [ModelUnavailable("no weights"), OutOfMemory("too large")]),
            ("enter", [OutOfMemory("once"), GpuFailed("twice")]),
        ],
    )
    def test_queued_errors_come_in_order_and_once(
        self, model: FakeVideoModel, moment: Moment, errors: list[WorkerError]
    ) -> None:
        planned = plan_for(FakeVideoModel())
        model.fail(moment, *errors)

        for error in errors:
            with pytest.raises(WorkerError) as caught, model.generate(planned, NO_PICTURE, NO_DEADLINE):
                pytest.fail("the context was entered")
            assert caught.value is error

        assert make(model, planned).frames

    @pytest.mark.parametrize("after", [0, 2])
    def test_an_error_comes_in_the_place_of_a_chunk(self, model: FakeVideoModel, after: int) -> None:
        model.fail("chunk", GpuFailed("lost"), after=after)

        with model.generate(plan_for(model, frames=25), NO_PICTURE, NO_DEADLINE) as clip:
            for _ in range(after):
                next(clip.chunks)
            with pytest.raises(GpuFailed):
                next(clip.chunks)

        assert make(model, plan_for(model)).frames

    def test_it_keeps_what_it_was_asked_for(self, model: FakeVideoModel) -> None:
        first, second = plan_for(model, seed=1), plan_for(model, seed=2, picture=True)
        make(model, first)
        make(model, second, GREEN)

        assert model.plans == [first, second]
        assert model.inputs == [NO_PICTURE, GREEN]
        assert (model.loads, model.left) == (1, 2)

    def test_each_frame_has_a_colour_of_its_own(self, model: FakeVideoModel) -> None:
        frames = make(model, plan_for(model, frames=10)).frames
        size = 64 * 64 * 3
        colours = [frames[start : start + 3] for start in range(0, len(frames), size)]

        assert len(set(colours)) == 10
        assert frames[:size] == colours[0] * 64 * 64

    def test_held_frames_and_a_given_sound_are_handed_out(self, model: FakeVideoModel) -> None:
        planned = showing(plan_for(model, frames=25), held(9, 14), sound=True)
        inputs = inputs_for(planned)

        made = make(model, planned, inputs)

        frame = 64 * 64 * 3
        colours = [tuple(made.frames[start : start + 3]) for start in range(14 * frame, 23 * frame, frame)]
        assert colours == [tuple(pixels[0, 0]) for pixels in pixels_of(inputs.clips[0])]
        assert inputs.sound is not None
        assert made.sound == inputs.sound.samples.tobytes()

    def test_sound_can_be_left_out(self, model: FakeVideoModel) -> None:
        model.silent = True

        with model.generate(plan_for(model), GenerationInputs(), NO_DEADLINE) as clip:
            assert clip.audio is None

    def test_it_stands_for_any_checkpoint(self) -> None:
        other = attrs.evolve(FAKE_PROFILE, name="another")

        assert FakeVideoModel(other).profile() == other
