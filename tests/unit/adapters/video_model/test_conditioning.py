"""An input picture on the canvas: covering, centred, never stretched, its edges out to the grid."""

import numpy as np
import pytest

from adapters.video_model.diffusers.conditioning import fit_to_canvas
from domain.clip import Picture
from domain.families import LTX_2
from domain.geometry import Resolution, Side
from domain.limits import Limits
from domain.plan import GenerationPlan, plan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import ImageToVideo, InlineImage, Prompt
from domain.sampling import Seed

PROFILE = ModelProfile(name="m", revision="r", checkpoint=Checkpoint(family=LTX_2, is_distilled=False), device="cpu")


def planned(width: int, height: int) -> GenerationPlan:
    request = ImageToVideo(prompt=Prompt("a"), image=InlineImage("-"), width=Side(width), height=Side(height))
    return plan(request, PROFILE, Limits(), Seed(0))


def picture(width: int, height: int) -> Picture:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Picture(Resolution(width, height), memoryview(pixels.tobytes()))


def pixels_of(source: Picture) -> np.ndarray:
    return np.frombuffer(source.pixels, np.uint8).reshape(source.resolution.height, source.resolution.width, 3)


def test_a_picture_of_the_asked_size_is_shown_as_it_is_and_continued_to_the_grid() -> None:
    source = picture(100, 70)
    fitted = np.asarray(fit_to_canvas(source, planned(100, 70)))
    assert fitted.shape == (96, 128, 3)
    assert np.array_equal(fitted[13:83, 14:114], pixels_of(source))
    assert np.array_equal(fitted[13:83, :14], np.repeat(pixels_of(source)[:, :1], 14, axis=1))
    assert np.array_equal(fitted[83:, 14:114], np.repeat(pixels_of(source)[-1:], 13, axis=0))


def test_a_picture_on_the_grid_is_not_touched() -> None:
    source = picture(128, 96)
    assert np.array_equal(np.asarray(fit_to_canvas(source, planned(128, 96))), pixels_of(source))


@pytest.mark.parametrize(("width", "height"), [(400, 100), (100, 400)])
def test_a_picture_of_another_shape_covers_the_frame_from_its_middle(width: int, height: int) -> None:
    marked = np.zeros((height, width, 3), np.uint8)
    marked[height // 2 - 30 : height // 2 + 30, width // 2 - 30 : width // 2 + 30] = 255
    source = Picture(Resolution(width, height), memoryview(marked.tobytes()))
    fitted = np.asarray(fit_to_canvas(source, planned(64, 64)))[:, :, 0] > 127
    rows, columns = np.flatnonzero(fitted.any(axis=1)), np.flatnonzero(fitted.any(axis=0))
    # 60 of 100 pixels across, shown at 64/100: 38 pixels, square and centred
    assert abs(len(rows) - 38) <= 1
    assert abs(len(columns) - 38) <= 1
    assert abs(rows.mean() - 31.5) <= 1
    assert abs(columns.mean() - 31.5) <= 1
