"""What goes with every mode, through the handler on tiny weights: it changes what it should, and nothing else."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from container import Container
from tests.support.files import png_frames
from tests.support.local_workers import answered_by, stored_file, tiny_worker

Pixels = npt.NDArray[np.uint8]
SMALL: dict[str, Any] = {"prompt": "a dog", "seed": 5, "steps": 2, "width": 96, "height": 64, "num_frames": 9}


@pytest.fixture(scope="module", params=["builtin/tiny", "builtin/tiny-2.3"])
def container(request: pytest.FixtureRequest, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    return tiny_worker(request.param, hub_cache, tmp_path_factory.mktemp("outputs"))


def reply_to(container: Container, **fields: Any) -> dict[str, Any]:
    reply = answered_by(container, fields)
    assert reply["ok"], reply
    return reply


def made(container: Container, **fields: Any) -> tuple[list[Pixels], bytes, dict[str, Any]]:
    """Frames, the sound's file (empty without) and `meta` of a clip."""
    reply = reply_to(container, **(SMALL | {"output_format": "png_sequence"} | fields))
    file = stored_file(reply)
    with zipfile.ZipFile(file) as archive:
        sound = archive.read("sound.wav") if "sound.wav" in archive.namelist() else b""
    return png_frames(file), sound, reply["meta"]


def test_upscaling_doubles_the_sides(container: Container) -> None:
    frames, _, meta = made(container, upscale=2)
    assert {frame.shape for frame in frames} == {(128, 192, 3)}
    assert (len(frames), meta["width"], meta["height"]) == (9, 192, 128)
    plain, _, _ = made(container, width=192, height=128)
    assert (frames[0] != plain[0]).any()


@pytest.mark.parametrize("factor", [2, 4])
def test_interpolation_multiplies_frames_and_rate_and_leaves_the_sound(container: Container, factor: int) -> None:
    plain, sound, _ = made(container)
    frames, same, meta = made(container, interpolate=factor)
    assert (len(frames), meta["num_frames"], meta["fps"]) == (9 * factor, 9 * factor, 24 * factor)
    assert same == sound
    by_model = container.model().profile().checkpoint.has_temporal_upsampler
    assert meta["interpolation"] == {"factor": factor, "by": "model" if by_model else "motion"}
    if not by_model:
        assert all((frames[factor * index] == plain[index]).all() for index in range(9))


def test_a_motion_speed_changes_the_picture_and_not_the_length(container: Container) -> None:
    plain, _, _ = made(container)
    slow, _, meta = made(container, motion_speed=0.5)
    assert (len(slow), meta["fps"]) == (9, 24)
    assert any((one != other).any() for one, other in zip(plain, slow, strict=True))


def test_the_sound_can_be_left_out_and_the_picture_stays(container: Container) -> None:
    plain, sound, _ = made(container)
    silent, nothing, _ = made(container, audio="off")
    assert sound
    assert not nothing
    assert all((one == other).all() for one, other in zip(plain, silent, strict=True))


def test_takes_are_the_clips_of_the_next_seeds(container: Container) -> None:
    reply = reply_to(container, **SMALL, num_outputs=2)
    alone = [reply_to(container, **(SMALL | {"seed": seed}))["storage"]["sha256"] for seed in (5, 6)]
    assert [output["storage"]["sha256"] for output in reply["outputs"]] == alone
    assert alone[0] != alone[1]


def test_a_list_of_requests_is_answered_item_by_item(container: Container) -> None:
    reply = reply_to(container, batch=[SMALL, SMALL | {"width": 5}, SMALL | {"mode": "t2v", "num_frames": 3}])
    assert [output["ok"] for output in reply["outputs"]] == [True, False, True]
    assert reply["outputs"][1]["details"][0]["path"] == "batch[1].width"
    assert reply["outputs"][2]["meta"]["num_frames"] == 3
    assert [Path(reply["outputs"][index]["storage"]["path"]).name for index in (0, 2)] == ["video-1.mp4", "video-3.mp4"]
