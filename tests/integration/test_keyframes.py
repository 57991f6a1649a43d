"""Pictures in clips, through the whole edge: each on its very frame, each with its strength and its compression."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from application.job_control import JobControl, StageProgress
from container import Container
from tests.support.local_workers import answered_by, tiny_worker
from tests.support.pictures import encoded, two_halves
from tests.support.watched_transformer import Forward, watched

RED = base64.b64encode(encoded(two_halves(80, 48))).decode()
DISC = base64.b64encode(encoded(Image.radial_gradient("L").resize((80, 48)).convert("RGB"))).decode()
COMMON: dict[str, Any] = {"prompt": "a dog", "seed": 5, "width": 64, "height": 64, "num_frames": 25}
FIRST_AND_LAST: dict[str, Any] = {
    "mode": "keyframes",
    "keyframes": [{"image_base64": RED, "frame": 0}, {"image_base64": DISC, "frame": -1}],
}


@pytest.fixture(scope="module", params=["builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5"])
def container(
    request: pytest.FixtureRequest, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    container = tiny_worker(request.param, hub_cache, tmp_path_factory.mktemp("outputs"))
    yield container
    container.picture_sandbox().close()


def is_distilled(container: Container) -> bool:
    return container.model().profile().checkpoint.is_distilled


def reply_to(container: Container, **fields: Any) -> dict[str, Any]:
    steps = {} if is_distilled(container) else {"steps": 2}
    return answered_by(container, {**COMMON, **steps, **fields})


def clip_of(container: Container, **fields: Any) -> str:
    """The file's SHA-256."""
    reply = reply_to(container, **fields)
    assert reply["ok"] is True, reply
    return str(reply["storage"]["sha256"])


def seen_by(container: Container, job: Callable[[], object]) -> list[Forward]:
    with watched(container.model()) as forwards:  # type: ignore[arg-type]  # the diffusers model
        job()
    return forwards


def test_a_keyframe_changes_the_clip_and_counts_by_its_frame(container: Container) -> None:
    def at(frame: int) -> str:
        return clip_of(container, mode="keyframes", keyframes=[{"image_base64": RED, "frame": frame}])

    clips = [clip_of(container), *map(at, (0, 12, 13, 24))]

    assert len(set(clips)) == len(clips)
    assert at(-13) == clips[2]


@pytest.mark.parametrize(("preset", "fps"), [("standard", 23.976), ("quality", 24)])
def test_the_transformer_is_told_the_very_frames(container: Container, preset: str, fps: float) -> None:
    keyframes = [{"image_base64": RED, "frame": frame} for frame in (7, -1, 0, 12)]

    forwards = seen_by(
        container,
        lambda: clip_of(container, mode="keyframes", keyframes=keyframes, preset=preset, fps=fps),
    )

    assert {forward.appended for forward in forwards} == {((7.0, 8.0), (24.0, 25.0), (12.0, 13.0))}
    assert {forward.tokens for forward in forwards} == ({4 * (4 + 3)} if preset == "standard" else {28, 28 * 4})


def test_first_and_last_frame_leave_nothing_behind(container: Container) -> None:
    plain = clip_of(container)
    both = clip_of(container, **FIRST_AND_LAST)

    assert clip_of(container) == plain
    assert clip_of(container, **FIRST_AND_LAST) == both != plain


def test_a_cancelled_job_leaves_nothing_behind(container: Container) -> None:
    expected = clip_of(container, **FIRST_AND_LAST)
    seen: list[StageProgress] = []

    def is_cancelled() -> bool:
        return any(event.stage == "generate" and event.done > 0 for event in seen)

    control = JobControl(is_cancelled=is_cancelled, report=seen.append)
    reply = answered_by(container, COMMON | FIRST_AND_LAST, control=control)

    assert (reply["ok"], reply["code"]) == (False, "cancelled")
    assert [(event.done, event.total) for event in seen if event.stage == "fetch"] == [(0, 2), (1, 2), (2, 2)]
    assert [event.done for event in seen if event.stage == "generate"] == [0, 1]
    assert clip_of(container, **FIRST_AND_LAST) == expected


def test_the_strength_of_a_first_frame_counts(container: Container) -> None:
    def with_picture(**fields: Any) -> str:
        return clip_of(container, mode="i2v", image_base64=RED, **fields)

    plain, full = with_picture(), with_picture(image_strength=1)
    weaker = [with_picture(image_strength=strength) for strength in (0.9, 0.5)]

    assert full == plain
    assert len({plain, *weaker, clip_of(container)}) == 4
    nothing = {clip_of(container, mode="i2v", image_base64=picture, image_strength=0) for picture in (RED, DISC)}
    assert len(nothing) == 1


def test_the_compression_of_a_first_frame_counts(container: Container) -> None:
    def with_picture(**fields: Any) -> str:
        return clip_of(container, mode="i2v", image_base64=DISC, **fields)

    family = with_picture()
    own = container.model().profile().checkpoint.family.image_crf

    assert with_picture(image_crf=own) == with_picture(image_crf=None) == family
    assert len({family, with_picture(image_crf=0), with_picture(image_crf=51)}) == 3
    weak = {with_picture(image_crf=crf, image_strength=0.5) for crf in (0, 51)}
    assert len(weak) == 2


def test_keyframes_wait_for_a_length_that_the_model_tells(container: Container) -> None:
    keyframes = [{"image_base64": RED, "frame": -1}]
    if not container.model().profile().checkpoint.has_duration_head:
        reply = reply_to(container, mode="keyframes", keyframes=keyframes, num_frames=None)
        assert [fault["path"] for fault in reply["details"]] == ["num_frames"]
        return
    replies: list[dict[str, Any]] = []

    def job() -> None:
        replies.append(reply_to(container, mode="keyframes", keyframes=keyframes, num_frames=None))

    forwards = seen_by(container, job)
    frames = replies[0]["meta"]["num_frames"]
    assert {forward.appended for forward in forwards} == {((frames - 1.0, float(frames)),)}
    beyond = [*keyframes, {"image_base64": RED, "frame": frames}]
    refused = reply_to(container, mode="keyframes", keyframes=beyond, num_frames=None)
    assert refused["code"] == "invalid_input"
    assert refused["details"] == [
        {
            "path": "keyframes[1].frame",
            "message": f"must be from -{frames} to {frames - 1} in a clip of {frames} frames, got {frames}",
        }
    ]
