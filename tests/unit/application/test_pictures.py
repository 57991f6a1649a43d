"""Several pictures in one job: all fetched, in order, each failure under its own path."""

from pathlib import Path

import attrs
import pytest

from application.job_control import StageProgress
from domain.conditions import FramePosition
from domain.errors import Cancelled, InputUnavailable, InputUnreadable, InvalidInput
from domain.requests import ImageReference, ImageUrl, InlineImage, Keyframe, KeyframesToVideo, TextToVideo
from tests.fakes.image_fetcher import plain_picture
from tests.unit.application.test_generate_video import SMALL, World

FIRST = ImageUrl("https://a.b/c", path="keyframes[0].image_url")
LAST = ImageUrl("https://a.b/last", path="keyframes[1].image_url")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.fetcher.pictures["https://a.b/last"] = plain_picture(colour=(0, 0, 255))
    return world


def request_for(**pictures_at: ImageReference) -> KeyframesToVideo:
    fields = {field.name: getattr(SMALL, field.name) for field in attrs.fields(TextToVideo)}
    numbers = {"first": 0, "last": -1, "beyond": 14, "far": 15}
    keyframes = (Keyframe(image=image, frame=FramePosition(numbers[name])) for name, image in pictures_at.items())
    return KeyframesToVideo(**fields, keyframes=tuple(keyframes))


def test_every_picture_is_fetched_in_order_and_handed_to_the_model(world: World) -> None:
    seen: list[StageProgress] = []
    world.run(request_for(first=FIRST, last=LAST), report=seen.append)

    assert world.fetcher.fetched == [FIRST, LAST]
    assert [bytes(picture.pixels)[:3] for picture in world.model.inputs[0].pictures] == [b"\xff\0\0", b"\0\0\xff"]
    assert [condition.frame for condition in world.model.plans[0].conditions] == [0, 9]
    assert [event for event in seen if event.stage == "fetch"] == [StageProgress("fetch", done, 2) for done in range(3)]


def test_a_picture_that_cannot_be_had_ends_the_job_under_its_path(world: World) -> None:
    world.fetcher.faults["https://a.b/last"] = InputUnreadable

    with pytest.raises(InputUnreadable, match=r"keyframes\[1\]\.image_url"):
        world.run(request_for(first=FIRST, last=LAST))

    missing = InlineImage("-", path="keyframes[0].image_base64")
    with pytest.raises(InputUnreadable, match=r"keyframes\[0\]\.image_base64"):
        world.run(request_for(first=missing, last=LAST))
    assert world.fetcher.fetched[2:] == [missing]
    assert world.store.objects == {}


def test_a_cancelled_job_fetches_no_further_picture(world: World) -> None:
    seen: list[StageProgress] = []

    with pytest.raises(Cancelled):
        world.run(
            request_for(first=FIRST, last=LAST),
            report=seen.append,
            is_cancelled=lambda: any(event.done == 1 for event in seen),
        )

    assert world.fetcher.fetched == [FIRST]


def test_frames_are_counted_once_the_model_has_told_how_many_there_are(world: World) -> None:
    world.run(attrs.evolve(request_for(first=FIRST, last=LAST), num_frames=None))
    assert [condition.frame for condition in world.model.plans[0].conditions] == [0, 11]  # five letters: half a second


def test_a_frame_beyond_the_told_length_is_refused_then(world: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.run(attrs.evolve(request_for(first=FIRST, beyond=LAST), num_frames=None))
    (fault,) = refused.value.faults
    assert str(fault) == "keyframes[1].frame must be from -12 to 11 in a clip of 12 frames, got 14"
    assert world.model.plans == []


def test_a_frame_beyond_a_known_length_costs_nothing(world: World) -> None:
    with pytest.raises(InvalidInput):
        world.run(request_for(first=FIRST, far=LAST))
    with pytest.raises(InputUnavailable):
        world.run(request_for(first=ImageUrl("https://a.b/gone")))
    assert world.fetcher.fetched == [ImageUrl("https://a.b/gone")]
