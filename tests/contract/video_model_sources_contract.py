"""What every VideoModel keeps about given clips and sounds. A subclass gives the fixture `model`."""

import attrs
import pytest

from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import FrameSequence
from domain.conditions import ClipCondition
from domain.recipes import available_presets
from tests.contract.video_model_contract import GREEN, NO_DEADLINE, NO_PICTURE, consume, make, plan_for
from tests.support.shown_sources import held, inputs_for, noisy_clip, pixels_of, reference, sequence, showing


def only(clip: FrameSequence) -> GenerationInputs:
    return GenerationInputs(clips=(clip,))


class SourcesContract:
    @pytest.fixture
    def model(self) -> VideoModel:
        raise NotImplementedError

    def test_a_clip_counts_by_its_frames_its_place_and_its_role(self, model: VideoModel) -> None:
        plain = plan_for(model, frames=25)
        one, other = (only(noisy_clip((64, 64), 9, seed)) for seed in (1, 2))
        made = [
            make(model, plain),
            *(make(model, showing(plain, held(9, frame)), one) for frame in (0, 8, 13)),
            make(model, showing(plain, held(9)), other),
            make(model, showing(plain, reference(9)), one),
            make(model, showing(plain, reference(9)), other),
        ]

        assert len({clip.frames for clip in made}) == len(made)

    @pytest.mark.parametrize("shown", [held(9), held(9, 8), reference(9)])
    def test_no_frame_of_a_clip_is_lost(self, model: VideoModel, shown: ClipCondition) -> None:
        planned = attrs.evolve(plan_for(model, frames=17), clips=(shown,))
        clip = noisy_clip((64, 64), 9)
        changed = pixels_of(clip).copy()
        changed[-1] = 255 - changed[-1]

        assert make(model, planned, only(clip)).frames != make(model, planned, only(sequence(changed))).frames

    @pytest.mark.parametrize("shown", [held(9), held(9, 8), reference(9)])
    def test_a_clips_strength_goes_from_nothing_to_all(self, model: VideoModel, shown: ClipCondition) -> None:
        plain = plan_for(model, frames=25)
        none, half, full = (
            attrs.evolve(plain, clips=(attrs.evolve(shown, strength=strength),)) for strength in (0.0, 0.5, 1.0)
        )
        one, other = (only(noisy_clip((64, 64), 9, seed)) for seed in (1, 2))

        assert make(model, none, one).digest == make(model, none, other).digest
        assert len({make(model, planned, one).frames for planned in (none, half, full)}) == 3

    def test_pictures_and_clips_come_together(self, model: VideoModel) -> None:
        pictured = plan_for(model, frames=17, picture=True)
        both = showing(pictured, held(9, 8), mode="keyframes")
        clip = noisy_clip((64, 64), 9)

        together = make(model, both, GenerationInputs(pictures=GREEN.pictures, clips=(clip,)))
        alone = [
            make(model, pictured, GREEN),
            make(model, showing(both, held(9, 8), conditions=()), only(clip)),
        ]

        assert together.frames not in {made.frames for made in alone}

    def test_a_given_sound_counts(self, model: VideoModel) -> None:
        plain = plan_for(model, frames=25)
        planned = showing(plain, sound=True)
        made = [make(model, plain), *(make(model, planned, inputs_for(planned, seed)) for seed in (1, 2))]

        assert len({clip.frames for clip in made}) == 3
        assert len({clip.sound for clip in made}) == 3

    def test_sound_comes_at_the_rate_that_is_asked_for(self, model: VideoModel) -> None:
        planned = plan_for(model, frames=25)
        rates = {}
        for rate in (None, 32_000, 44_100):
            with model.generate(attrs.evolve(planned, sampling_rate=rate), NO_PICTURE, NO_DEADLINE) as clip:
                assert clip.audio is not None
                rates[rate] = (clip.audio.sampling_rate, clip.audio.length / clip.audio.sampling_rate)
                consume(clip)

        assert [rates[rate][0] for rate in (32_000, 44_100)] == [32_000, 44_100]
        assert rates[32_000][1] == pytest.approx(rates[None][1], abs=1e-4)
        assert rates[44_100][1] == pytest.approx(rates[None][1], abs=1e-4)

    @pytest.mark.soak
    def test_every_available_preset_takes_clips_and_sound(self, model: VideoModel) -> None:
        for preset in available_presets(model.profile().checkpoint):
            plain = plan_for(model, size=(70, 98), frames=12, preset=preset)
            for shown in ((held(9), held(1, 11)), (reference(17),), (held(17),)):
                planned = showing(plain, *shown, sound=True)
                made = make(model, planned, inputs_for(planned))

                assert len(made.frames) == 12 * 70 * 98 * 3
                assert made.frames != make(model, planned, inputs_for(planned, seed=5)).frames

    def test_what_was_given_leaves_nothing_to_the_next_job(self, model: VideoModel) -> None:
        plain = plan_for(model)
        first = make(model, plain)
        for shown in ((held(1, 5),), (reference(9),), ()):
            planned = showing(plain, *shown, sound=True, sampling_rate=44_100)
            given = inputs_for(planned)
            assert make(model, planned, given).digest == make(model, planned, given).digest

        assert make(model, plain).digest == first.digest
