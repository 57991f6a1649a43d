"""Each request in `examples/` is answered with a clip, through the handler, whatever its inputs show."""

import json
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from application.job_control import JobControl
from application.ports.image_fetcher import ImageFetcher
from container import Container
from domain.clip import Picture
from domain.geometry import Resolution
from domain.requests import ImageReference
from entrypoints.job_fields import fields_of
from tests.fakes.image_fetcher import plain_picture
from tests.fakes.media_fetcher import FakeMedia, FakeMediaFetcher
from tests.fakes.target_store import FakeTargetStore
from tests.support.local_workers import answered_by, synthetic_worker

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.json"))
NO_CLIP = "sign"
"""It asks for the URL of a stored object."""
TARGETS = frozenset({"your-bucket.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"})
SOUND = tuple((index % 100) / 200 for index in range(48_000))
COLOURS = tuple((index, 80, 160) for index in range(36))
CLIP = FakeMedia(colours=COLOURS, size=Resolution(96, 64), channels=(SOUND,), sampling_rate=48_000)


class AnyPicture(ImageFetcher):
    """Every reference shows the same."""

    @override
    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        return plain_picture()


class AnyMedia(dict[str, FakeMedia]):
    """Every URL holds CLIP."""

    @override
    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> FakeMedia:
        return CLIP


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    container = synthetic_worker(tmp_path_factory.mktemp("worker"))
    media = FakeMediaFetcher()
    media.media = AnyMedia()
    container.image_fetcher.override(AnyPicture())
    container.media_fetcher.override(media)
    container.target_store.override(FakeTargetStore(TARGETS))
    return container


def test_there_is_an_example_of_each_mode() -> None:
    assert {"t2v", "i2v", "keyframes", "v2v", "extend", "retake", "a2v"} <= {file.stem for file in EXAMPLES}


@pytest.mark.parametrize("file", [file for file in EXAMPLES if file.stem != NO_CLIP], ids=lambda file: file.stem)
def test_an_example_is_answered_with_a_clip(container: Container, file: Path) -> None:
    fields: Any = fields_of(json.loads(file.read_text(encoding="utf-8")))
    reply = answered_by(container, fields)
    assert reply["ok"], reply
    assert reply["storage"]["bytes"] > 0
    assert all(output["ok"] for output in reply.get("outputs", ()))
