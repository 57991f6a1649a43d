"""What a VideoModel keeps that can do more than every one can."""

from fractions import Fraction

import pytest

from application.job_control import JobControl, StageProgress
from application.ports.video_model import EnhancedPrompt, GenerationInputs, VideoModel
from domain.errors import DeadlineExceeded
from domain.geometry import FrameRate
from domain.requests import Prompt
from domain.sampling import Seed
from tests.contract.video_model_contract import GREEN, NO_DEADLINE, NO_PICTURE, make, plan_for

FPS_24 = FrameRate.from_number(24)


class DescribingContract:
    """For every model. A subclass gives the fixture `unloaded`, a model that has loaded nothing yet."""

    def test_what_the_files_tell_is_what_the_loaded_model_is(self, unloaded: VideoModel) -> None:
        described = unloaded.describe()
        assert described == unloaded.profile()
        assert described == unloaded.describe()


class EnhancingContract:
    """For a model whose checkpoint `can_enhance`. A subclass gives the fixture `model`."""

    def test_an_enhanced_prompt_follows_from_prompt_seed_and_picture(self, model: VideoModel) -> None:
        def enhanced(seed: int, inputs: GenerationInputs = NO_PICTURE) -> EnhancedPrompt:
            return model.enhance(Prompt("a cat"), inputs, Seed(seed), NO_DEADLINE)

        first, again, other, pictured = enhanced(1), enhanced(1), enhanced(2), enhanced(1, GREEN)
        assert first == again
        assert first.prompt.text != "a cat"
        assert len({first.prompt, other.prompt, pictured.prompt}) > 1
        assert make(model, plan_for(model)).digest == make(model, plan_for(model)).digest

    def test_who_enhances_keeps_to_its_deadline(self, model: VideoModel) -> None:
        with pytest.raises(DeadlineExceeded):
            model.enhance(Prompt("a cat"), NO_PICTURE, Seed(1), JobControl(deadline=0))


class PredictingContract:
    """For a model whose checkpoint has a duration head. A subclass gives the fixture `model`."""

    @pytest.mark.parametrize("longest", [Fraction(1, 2), Fraction(3, 2), Fraction(20)])
    def test_a_predicted_clip_is_never_longer_than_asked(self, model: VideoModel, longest: Fraction) -> None:

        frames = model.predict_frames(Prompt("a long walk"), FPS_24, longest, NO_DEADLINE)

        assert 1 <= frames.frames <= longest * FPS_24.rate
        assert model.predict_frames(Prompt("a long walk"), FPS_24, longest, NO_DEADLINE) == frames

    def test_who_waits_to_predict_keeps_to_its_deadline(self, model: VideoModel) -> None:
        with model.generate(plan_for(model), NO_PICTURE, NO_DEADLINE), pytest.raises(DeadlineExceeded):
            model.predict_frames(Prompt("a walk"), FPS_24, Fraction(2), JobControl(deadline=0))


class TwoStageContract:
    """For a model whose checkpoint has the preset `quality`. A subclass gives the fixture `model`."""

    def test_steps_of_all_stages_are_counted_on(self, model: VideoModel) -> None:
        reports: list[StageProgress] = []
        planned = plan_for(model, preset="quality")

        make(model, planned, control=JobControl(report=reports.append))

        steps = [(report.done, report.total) for report in reports if report.stage == "generate"]
        assert len(planned.stages) == 2
        assert steps == [(step, planned.steps) for step in range(1, planned.steps + 1)]
