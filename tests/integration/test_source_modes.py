"""Modes that begin with a clip or a sound, through the handler, on production's wiring: tiny weights, real files."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from adapters.media_fetcher.fetcher import ConfinedMediaFetcher
from container import Container
from tests.support.files import png_frames
from tests.support.http_server import Reply, serving
from tests.support.local_workers import answered_by, stored_file, tiny_worker
from tests.support.media_files import media

FRAMES, RATE, SIZE = 33, 24, (96, 64)
SAMPLING_RATE = 44_100
Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float64]


def source(*, has_sound: bool = True) -> bytes:
    """A bar that moves over a gradient, with a tone that rises."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        pictures = file.add_stream("libx264", rate=RATE)
        pictures.width, pictures.height, pictures.pix_fmt = *SIZE, "yuv420p"
        sound = file.add_stream("aac", rate=SAMPLING_RATE, layout="stereo") if has_sound else None
        for index in range(FRAMES):
            pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
            pixels[..., 0] = np.arange(SIZE[0]) * 2
            pixels[:, 2 * index : 2 * index + 16, 1] = 220
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        file.mux(pictures.encode(None))
        if sound is not None:
            time = np.arange(round(FRAMES / RATE * SAMPLING_RATE)) / SAMPLING_RATE
            wave = (0.4 * np.sin(2 * np.pi * (300 + 200 * time) * time)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), "fltp", "stereo")
            frame.sample_rate = SAMPLING_RATE
            file.mux(sound.encode(frame))
            file.mux(sound.encode(None))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    files = {
        "/clip.mp4": source(),
        "/silent.mp4": source(has_sound=False),
        "/tone.wav": media("wav", None, "pcm_s16le"),
        "/cut.mp4": source()[:2_000],
        "/text.mp4": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/other.ts\n",
    }
    replies = {path: Reply(body=data) for path, data in files.items()}
    with serving(replies) as server:
        yield {path.strip("/").partition(".")[0]: server.url(path) for path in files}


@pytest.fixture(scope="module", params=["builtin/tiny", "builtin/tiny-2.3"])
def container(
    request: pytest.FixtureRequest, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    outputs = tmp_path_factory.mktemp("outputs")
    container = tiny_worker(request.param, hub_cache, outputs, INPUT_ALLOW_PRIVATE_HOSTS="127.0.0.1")
    yield container
    fetcher = container.media_fetcher()
    assert isinstance(fetcher, ConfinedMediaFetcher)
    fetcher.reader.sandbox.close()


def reply_to(container: Container, **fields: Any) -> dict[str, Any]:
    given = {"prompt": "a dog", "seed": 5, "steps": 2, "output_format": "png_sequence"}
    return answered_by(container, given | fields)


def made(container: Container, **fields: Any) -> tuple[list[Pixels], Samples]:
    """The frames of a clip, and the first channel of its sound; empty without."""
    reply = reply_to(container, **fields)
    assert reply["ok"], reply
    file = stored_file(reply)
    frames, sound = png_frames(file), np.zeros(0)
    with zipfile.ZipFile(file) as archive:
        if "sound.wav" in archive.namelist():
            sound = decoded(archive.read("sound.wav"))
    assert reply["meta"]["num_frames"] == len(frames)
    return frames, sound


def decoded(data: bytes) -> Samples:
    with av.open(io.BytesIO(data), "r") as file:
        rows = [frame.to_ndarray() for frame in file.decode(audio=0)]
        layout = file.streams.audio[0]
        joined = np.concatenate(rows, axis=1)
        if layout.format.is_planar:
            return np.asarray(joined[0], np.float64)
        return np.asarray(joined[0][::2] / 32768, np.float64)


def of_source(container: Container, url: str) -> tuple[list[Pixels], Samples]:
    """The frames and the sound of a source, as a job sees them that keeps all of it but one frame's sound."""
    frames, sound = made(
        container, mode="retake", video_url=url, start=0.5, end=0.54, replace="audio", audio="generate"
    )
    return frames, sound


def differs(one: Pixels, other: Pixels) -> bool:
    return bool((one != other).any())


def test_a_retake_of_the_sound_keeps_every_frame_as_it_was_decoded(container: Container, urls: dict[str, str]) -> None:
    frames, _ = of_source(container, urls["clip"])
    assert len(frames) == FRAMES
    with av.open(io.BytesIO(source()), "r") as file:
        for kept, frame in zip(frames, file.decode(video=0), strict=True):
            assert np.abs(kept.astype(int) - frame.to_ndarray(format="rgb24").astype(int)).mean() < 6


def test_an_extension_keeps_the_clip_and_goes_on(container: Container, urls: dict[str, str]) -> None:
    kept, before = of_source(container, urls["clip"])
    frames, sound = made(container, mode="extend", video_url=urls["clip"], seconds=0.5)
    assert len(frames) == FRAMES + 12
    assert not any(differs(frames[index], kept[index]) for index in range(FRAMES))
    assert differs(frames[FRAMES], kept[-1])
    assert len(sound) == round((FRAMES + 12) / RATE * SAMPLING_RATE)
    seam = round(FRAMES / RATE * SAMPLING_RATE)
    untouched = seam - SAMPLING_RATE // 20
    half = SAMPLING_RATE // 3  # before the frame whose sound `of_source` has made anew
    assert np.array_equal(sound[:half], before[:half])
    steps = np.abs(np.diff(sound))
    assert steps[untouched : seam + 100].max() <= max(steps[:untouched].max(), steps[seam + 100 :].max()) * 1.5
    again, _ = made(container, mode="extend", video_url=urls["clip"], seconds=0.5, prompt="a cat")
    assert differs(again[-1], frames[-1])


def test_an_extension_depends_on_what_it_goes_on_from(container: Container, urls: dict[str, str]) -> None:
    frames, _ = made(container, mode="extend", video_url=urls["clip"], seconds=0.5, direction="before")
    kept, _ = of_source(container, urls["clip"])
    assert len(frames) == FRAMES + 12
    assert not any(differs(frames[12 + index], kept[index]) for index in range(FRAMES))
    alone, _ = made(container, width=SIZE[0], height=SIZE[1], num_frames=12 + 25)
    assert differs(frames[0], alone[0])


def test_a_retake_makes_its_window_and_nothing_else(container: Container, urls: dict[str, str]) -> None:
    kept, _ = of_source(container, urls["clip"])
    frames, sound = made(container, mode="retake", video_url=urls["clip"], start=0.5, end=0.75)
    assert [index for index in range(FRAMES) if differs(frames[index], kept[index])] == list(range(12, 18))
    _, whole = made(container, mode="v2v", video_url=urls["clip"], audio="source")
    changed = np.flatnonzero(sound != whole)
    assert changed[0] >= round(0.5 * SAMPLING_RATE)
    assert changed[-1] < round(0.75 * SAMPLING_RATE)
    assert len(changed) > 0.2 * SAMPLING_RATE


def test_a_retake_of_the_picture_follows_the_sound_and_keeps_it(container: Container, urls: dict[str, str]) -> None:
    window = {"mode": "retake", "start": 0.5, "end": 0.75, "replace": "video"}
    frames, sound = made(container, video_url=urls["clip"], **window)
    _, whole = made(container, mode="v2v", video_url=urls["clip"], audio="source")
    assert np.array_equal(sound, whole)
    unheard, silence = made(container, video_url=urls["silent"], **window)
    assert differs(frames[14], unheard[14])
    assert len(silence) == 0


def test_a_reference_changes_the_clip(container: Container, urls: dict[str, str]) -> None:
    plain, _ = made(container, width=SIZE[0], height=SIZE[1], num_frames=FRAMES)
    like, sound = made(container, mode="v2v", video_url=urls["clip"])
    assert len(like) == FRAMES
    assert differs(like[0], plain[0])
    weaker, _ = made(container, mode="v2v", video_url=urls["clip"], strength=0.5)
    assert differs(like[0], weaker[0])
    assert len(sound) > 0
    _, off = made(container, mode="v2v", video_url=urls["clip"], audio="off")
    assert len(off) == 0


def test_the_given_sound_is_in_the_file_and_changes_the_picture(container: Container, urls: dict[str, str]) -> None:
    given = {"mode": "a2v", "width": 64, "height": 64}
    frames, sound = made(container, audio_url=urls["tone"], **given)
    tone = decoded(media("wav", None, "pcm_s16le"))
    assert len(frames) == 10  # 0.4 seconds at 24 fps are 9.6 frames
    assert np.abs(sound[: len(tone)] - tone).max() <= 1 / 32768
    assert not sound[len(tone) :].any()
    other, _ = made(container, audio_url=urls["clip"], num_frames=10, **given)
    assert differs(frames[5], other[5])


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"mode": "v2v", "video_url": "cut"}, "input_unreadable", "video_url"),
        ({"mode": "v2v", "video_url": "text"}, "input_refused", "video_url"),
        ({"mode": "v2v", "video_url": "tone"}, "input_unreadable", "video_url"),
        ({"mode": "a2v", "audio_url": "silent"}, "input_unreadable", "audio_url"),
        ({"mode": "v2v", "video_url": "silent", "audio": "source"}, "invalid_input", "audio"),
        ({"mode": "retake", "video_url": "clip", "start": 0.5, "end": 2}, "invalid_input", "end"),
    ],
    ids=["cut off", "a playlist", "no pictures", "no sound", "no sound to keep", "beyond the end"],
)
def test_a_source_that_will_not_do_is_told_by_its_field(
    container: Container, urls: dict[str, str], fields: dict[str, str], code: str, path: str
) -> None:
    given = {name: urls.get(str(value), value) if name.endswith("_url") else value for name, value in fields.items()}
    reply = reply_to(container, **given)
    assert (reply["ok"], reply["code"], [detail["path"] for detail in reply["details"]]) == (False, code, [path])
