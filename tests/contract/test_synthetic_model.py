"""The contract on the synthetic model, and what a person would look for on its card."""

import subprocess
import sys
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.lettering import lettering
from adapters.video_model.synthetic import SyntheticModel
from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import Picture
from domain.geometry import Resolution
from domain.plan import GenerationPlan
from tests.contract.video_model_capabilities_contract import DescribingContract, TwoStageContract
from tests.contract.video_model_conditions_contract import ConditionsContract
from tests.contract.video_model_contract import NO_DEADLINE, NO_PICTURE, Made, VideoModelContract, make, plan_for
from tests.contract.video_model_sources_contract import SourcesContract
from tests.support.shown_sources import held, inputs_for, pixels_of, reference, showing

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)

Pixels = npt.NDArray[np.uint8]


def frames_of(made: Made, planned: GenerationPlan) -> Pixels:
    size = planned.output.resolution
    return np.frombuffer(made.frames, np.uint8).reshape(-1, size.height, size.width, 3)


def has_text(frame: Pixels, text: str) -> bool:
    """Whether `text` stands anywhere on `frame`, white on black, in any whole scale."""
    white = (frame == 255).all(axis=-1)
    black = (frame == 0).all(axis=-1)
    for scale in range(1, 9):
        dots = lettering(text).repeat(scale, axis=0).repeat(scale, axis=1)
        if dots.shape[0] > frame.shape[0] or dots.shape[1] > frame.shape[1]:
            return False
        windows = (np.lib.stride_tricks.sliding_window_view(layer, dots.shape) for layer in (white, black))
        is_white, is_black = windows
        match = (is_white == dots.astype(bool)).all(axis=(2, 3)) & (is_black != dots.astype(bool)).all(axis=(2, 3))
        if match.any():
            return True
    return False


def quadrants(width: int, height: int) -> Picture:
    """Red, green / blue, white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return Picture(Resolution(width, height), pixels.data.cast("B"))


class TestTheSyntheticModelsDescription(DescribingContract):
    @pytest.fixture
    def unloaded(self) -> VideoModel:
        return SyntheticModel(ModelConfig())


class TestSyntheticModel(VideoModelContract, ConditionsContract, SourcesContract, TwoStageContract):
    @pytest.fixture
    @override
    def model(self) -> VideoModel:
        return SyntheticModel(ModelConfig(backend="synthetic"))

    def test_each_frame_shows_its_number(self, model: VideoModel) -> None:
        planned = plan_for(model, size=(100, 70), frames=12)

        frames = frames_of(make(model, planned), planned)

        for index, frame in enumerate(frames):
            assert has_text(frame, f"{index + 1:02}/12")
        assert not has_text(frames[0], "02/12")

    def test_the_longest_counter_fits_the_smallest_picture(self, model: VideoModel) -> None:
        planned = plan_for(model, frames=1025, fps=120)

        frames = frames_of(make(model, planned), planned)

        assert has_text(frames[0], "0001/1025")
        assert has_text(frames[-1], "1025/1025")

    def test_a_white_bar_crosses_the_picture(self, model: VideoModel) -> None:
        planned = plan_for(model, size=(128, 96), frames=20)

        row = frames_of(make(model, planned), planned)[:, 5]
        lefts = [int(np.flatnonzero((frame == 255).all(axis=-1))[0]) for frame in row]
        rights = [int(np.flatnonzero((frame == 255).all(axis=-1))[-1]) for frame in row]

        assert lefts == sorted(set(lefts))
        assert (lefts[0], rights[-1]) == (0, 127)

    @pytest.mark.parametrize("source", [(160, 160), (64, 200), (3000, 100), (20, 8)])
    def test_the_input_picture_covers_the_size_asked_for(self, model: VideoModel, source: tuple[int, int]) -> None:
        planned = plan_for(model, size=(70, 98), picture=True)  # the canvas is 96x128

        frame = frames_of(make(model, planned, GenerationInputs(pictures=(quadrants(*source),))), planned)[0]

        assert [tuple(frame[5, x]) for x in (2, 34, 35, 69)] == [RED, RED, GREEN, GREEN]
        assert [tuple(frame[y, 5]) for y in (0, 48, 49, 80)] == [RED, RED, BLUE, BLUE]
        assert [tuple(frame[y, 60]) for y in (0, 48, 49, 80)] == [GREEN, GREEN, WHITE, WHITE]

    def test_a_picture_is_not_stretched(self, model: VideoModel) -> None:
        planned = plan_for(model, size=(64, 128), picture=True)
        square = np.zeros((50, 50, 3), np.uint8)
        square[15:35, 15:35] = (9, 200, 9)  # a square in the middle stays one, and grows by 128/50

        inputs = GenerationInputs(pictures=(Picture(Resolution(50, 50), square.data.cast("B")),))
        frame = frames_of(make(model, planned, inputs), planned)[0]

        green = np.argwhere((frame == (9, 200, 9)).all(axis=-1))
        height, width = np.ptp(green, axis=0) + 1
        assert abs(height - 20 * 128 / 50) <= 1
        assert abs(width - 20 * 128 / 50) <= 1

    def test_it_beeps_at_each_full_second(self, model: VideoModel) -> None:
        planned = plan_for(model, frames=60, fps=24)
        with model.generate(planned, NO_PICTURE, NO_DEADLINE) as clip:
            assert clip.audio is not None
            assert (clip.audio.sampling_rate, clip.audio.channels) == (48_000, 2)
            sound = np.array(clip.audio.samples).reshape(2, -1)

        left = sound[0]
        assert np.array_equal(left, sound[1])
        assert left.size == planned.output.samples(48_000)
        for second in (0, 1, 2):
            beep = left[second * 48_000 : second * 48_000 + 4_800]
            assert 20 * np.log10(np.abs(beep).max()) == pytest.approx(-12, abs=0.1)
            assert np.argmax(np.abs(np.fft.rfft(beep))) * 10 == 1000
        assert not left[4_800:48_000].any()

    def test_held_frames_are_shown_as_they_are_at_their_place(self, model: VideoModel) -> None:
        planned = showing(plan_for(model, size=(100, 70), frames=25), held(9, 14))
        inputs = inputs_for(planned)

        frames = frames_of(make(model, planned, inputs), planned)
        plain = plan_for(model, size=(100, 70), frames=25)

        assert np.array_equal(frames[14:23], pixels_of(inputs.clips[0]))
        without = frames_of(make(model, plain), plain)
        assert np.array_equal(frames[:14], without[:14])
        assert np.array_equal(frames[23:], without[23:])

    def test_a_references_frames_stand_in_the_place_of_the_bars(self, model: VideoModel) -> None:
        planned = showing(plan_for(model, size=(100, 70), frames=12), reference(17))
        inputs = inputs_for(planned)

        frames = frames_of(make(model, planned, inputs), planned)

        shown = pixels_of(inputs.clips[0])
        assert (frames[5, :20] == shown[5, :20]).all(axis=-1).mean() > 0.9  # all but the moving bar
        assert has_text(frames[5], "06/12")

    def test_a_given_sound_is_handed_out(self, model: VideoModel) -> None:
        planned = showing(plan_for(model, frames=9), sound=True)
        inputs = inputs_for(planned)
        assert inputs.sound is not None

        with model.generate(planned, inputs, NO_DEADLINE) as clip:
            assert clip.audio is not None
            assert (clip.audio.sampling_rate, clip.audio.channels) == (16_000, 2)
            assert clip.audio.samples == inputs.sound.samples
        with model.generate(attrs.evolve(planned, sampling_rate=48_000), inputs, NO_DEADLINE) as clip:
            assert clip.audio is not None
            assert (clip.audio.sampling_rate, clip.audio.length) == (48_000, 3 * inputs.sound.length)
            left = np.array(clip.audio.samples)[: clip.audio.length]
            assert np.allclose(left[::3], np.array(inputs.sound.samples)[: inputs.sound.length], atol=1e-6)

    def test_importing_it_imports_no_heavy_library(self) -> None:
        probe = "import sys, adapters.video_model.synthetic; print({'numpy', 'torch', 'PIL', 'av'} & set(sys.modules))"

        root = Path(__file__).parents[2]
        found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=root)

        assert found.stdout.strip() == "set()"
