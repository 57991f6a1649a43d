"""Every format through the worker's edge, with the real encoder: what is refused, and what arrives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from adapters.interpolator.pyav import PyAvInterpolator
from adapters.video_model.config import ModelConfig
from adapters.video_model.synthetic import SyntheticModel
from adapters.wire.codec import Wire
from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl
from domain.limits import Limits
from domain.media import OUTPUT_FORMATS
from entrypoints.guard import Guard
from tests.fakes.image_fetcher import FakeImageFetcher
from tests.fakes.media_fetcher import FakeMediaFetcher
from tests.fakes.object_store import InMemoryStore
from tests.fakes.target_store import FakeTargetStore
from tests.support.edge import refused_paths
from tests.support.files import png_frames

SMALL = {"prompt": "a dog", "width": 96, "height": 64, "num_frames": 9, "seed": 1}


class Worker:
    def __init__(self, root: Path) -> None:
        self.store = InMemoryStore()
        use_case = GenerateVideo(
            model=SyntheticModel(ModelConfig(backend="synthetic")),
            store=self.store,
            targets=FakeTargetStore(),
            fetcher=FakeImageFetcher({}),
            media=FakeMediaFetcher(),
            interpolator=PyAvInterpolator(),
            encoder=PyAvEncoder(EncoderConfig()),
            limits=Limits(),
            prefix="clips",
            work_root=root,
        )
        self._guard = Guard(Wire(), use_case)

    def reply(self, **fields: object) -> dict[str, Any]:
        return dict(self._guard({**SMALL, **fields}, Job(id="job-1"), JobControl()))


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_each_format_arrives_under_its_own_name_and_type(tmp_path: Path, name: str) -> None:
    worker = Worker(tmp_path)
    reply = worker.reply(output_format=name)
    assert reply["ok"] is True, reply
    (kept,) = worker.store.objects.values()
    storage = reply["storage"]
    assert storage["path"].endswith(f"/job-1/video{OUTPUT_FORMATS[name].suffix}")
    assert storage["content_type"] == kept.headers.content_type == OUTPUT_FORMATS[name].content_type
    assert storage["bytes"] == len(kept.content)
    assert "poster" not in reply
    audio = None if name == "gif" else {"sampling_rate": 48_000, "channels": 2}
    assert reply["meta"]["audio"] == audio


@pytest.mark.parametrize("poster", [True, 0, -1, 8])
def test_a_poster_arrives_beside_the_clip_and_shows_the_frame(tmp_path: Path, poster: object) -> None:
    worker = Worker(tmp_path)
    reply = worker.reply(output_format="png_sequence", poster=poster)
    told = reply["poster"]
    assert set(told) == {*reply["storage"], "frame"}
    assert told["frame"] == (8 if poster in {-1, 8} and poster is not True else 0)
    assert told["path"] == reply["storage"]["path"].replace(".zip", ".jpg")
    clip, jpeg = tmp_path / "clip.zip", tmp_path / "poster.jpg"
    clip.write_bytes(worker.store.objects[reply["storage"]["path"]].content)
    jpeg.write_bytes(worker.store.objects[told["path"]].content)
    frames = png_frames(clip)
    shown = np.asarray(Image.open(jpeg)).astype(float)
    errors = [((shown - frame) ** 2).mean() for frame in frames]
    assert int(np.argmin(errors)) == told["frame"]
    assert 10 * np.log10(255**2 / min(errors)) > 30


@pytest.mark.parametrize("poster", [False, None])
def test_no_poster_is_no_poster(tmp_path: Path, poster: object) -> None:
    worker = Worker(tmp_path)
    assert "poster" not in worker.reply(poster=poster)
    assert len(worker.store.objects) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"output_format": "gif", "fps": 60}, ["fps"]),
        ({"output_format": "gif", "file_name": "a.mp4", "fps": 60}, ["fps", "file_name"]),
        ({"output_format": "webm", "file_name": "../a.webm"}, ["file_name"]),
        ({"output_format": "webm", "file_name": "a.mp4", "width": 1}, ["width", "file_name"]),
        ({"output_format": "wav", "poster": True}, ["poster"]),
        ({"poster": "yes"}, ["poster"]),
        ({"poster": 9}, ["poster"]),
        ({"poster": True, "upload_url": "https://target.invalid/put"}, ["poster"]),
        ({"output_format": "WEBM"}, ["output_format"]),
        ({"output_format": None}, ["output_format"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_every_path(fields: dict[str, object], told: list[str]) -> None:
    assert refused_paths({**SMALL, **fields}) == told
