"""Clips that go to the caller's own place."""

import hashlib
from pathlib import Path
from typing import Final

import attrs
import pytest

from application.job import Job
from domain.errors import Cancelled, InputRefused, StorageAuth, StorageUnavailable
from domain.requests import GenerationRequest
from tests.fakes.target_store import HOST
from tests.support import repeated_jobs
from tests.support.targets import s3_target, upload_url
from tests.unit.application.test_generate_video import KEY, PICTURE, SMALL, World

BUCKET: Final = s3_target(f"https://{HOST}")
URL: Final = upload_url(f"https://{HOST}/put?sig=canary")
TO_BUCKET: Final = attrs.evolve(SMALL, s3Config=BUCKET)
TO_URL: Final = attrs.evolve(SMALL, upload_url=URL)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_clip_goes_to_the_bucket_under_its_usual_key(world: World) -> None:
    result = world.run(TO_BUCKET)
    (place, kept), *others = world.targets.objects.items()
    assert (place, others) == (f"https://{HOST}/clips/{KEY}", [])
    assert (result.video.size, result.video.sha256) == (len(kept.content), kept.headers.sha256)
    assert hashlib.sha256(kept.content).hexdigest() == result.video.sha256
    assert kept.headers.content_type == "video/mp4"
    assert (result.stored.backend, result.stored.bucket, result.stored.path) == ("s3", "clips", KEY)
    assert result.stored.signed_url is not None
    assert world.targets.fetch(result.stored.signed_url) == kept.content
    assert (world.store.objects, world.store.calls) == ({}, [])


def test_no_url_is_signed_for_a_bucket_if_none_is_wanted(world: World) -> None:
    stored = world.run(attrs.evolve(TO_BUCKET, return_signed_url=False)).stored
    assert (stored.signed_url, stored.expires_at) == (None, None)


def test_a_clip_goes_to_the_upload_url_which_is_not_told_again(world: World) -> None:
    result = world.run(TO_URL)
    assert list(world.targets.objects) == [f"https://{HOST}/put"]
    assert (result.stored.backend, result.stored.bucket, result.stored.path) == ("upload_url", "", "")
    assert "canary" not in repr(result)
    assert world.store.calls == []


def test_a_target_that_is_not_taken_fails_before_anything_is_fetched_or_generated(world: World) -> None:
    world.targets.hosts = frozenset()
    for request in (attrs.evolve(PICTURE, s3Config=BUCKET), attrs.evolve(PICTURE, upload_url=URL)):
        with pytest.raises(InputRefused):
            world.run(request)
    assert world.fetcher.fetched == []
    assert world.model.plans == []
    assert world.targets.calls == [("admit", "s3Config"), ("admit", "upload_url")]


@pytest.mark.parametrize("error", [StorageAuth, StorageUnavailable])
def test_a_target_that_fails_is_the_jobs_failure_and_nothing_is_left(
    world: World, error: type[StorageAuth | StorageUnavailable]
) -> None:
    world.targets.fail(error("upload_url is out of order"))
    world.fails(error, TO_URL)
    assert world.targets.objects == {}


def test_a_job_that_is_stopped_when_its_clip_is_whole_puts_nothing(world: World) -> None:
    with pytest.raises(Cancelled):
        world.run(TO_URL, is_cancelled=lambda: ("verify", "video.mp4") in world.encoder.calls)
    assert world.targets.calls == [("admit", "upload_url")]


@pytest.mark.parametrize(
    "to_target",
    [attrs.evolve(repeated_jobs.REQUEST, s3Config=BUCKET), attrs.evolve(repeated_jobs.REQUEST, upload_url=URL)],
)
def test_a_job_with_a_target_has_no_record(tmp_path: Path, to_target: GenerationRequest) -> None:
    world = repeated_jobs.World(tmp_path)
    first, second = world.run(to_target), world.run(to_target)
    assert world.renders == 2
    assert (first.replayed, second.replayed) == (False, False)
    assert first.seed == second.seed
    assert world.store.calls == []


def test_a_record_does_not_answer_a_job_with_a_target(tmp_path: Path) -> None:
    world = repeated_jobs.World(tmp_path)
    world.run()
    result = world.run(attrs.evolve(repeated_jobs.REQUEST, upload_url=URL))
    assert (world.renders, result.stored.backend) == (2, "upload_url")


def test_a_drawn_seed_does_not_depend_on_where_the_clip_goes() -> None:
    job = Job(id="a", may_return=True)
    unseeded = attrs.evolve(SMALL, seed=None)
    others = [
        attrs.evolve(unseeded, upload_url=URL),
        attrs.evolve(unseeded, upload_url=upload_url(f"https://{HOST}/put?sig=another")),
        attrs.evolve(unseeded, s3Config=BUCKET),
        attrs.evolve(unseeded, s3Config=s3_target(f"https://{HOST}", access_secret="another")),
    ]
    assert {job.seed_for(request) for request in others} == {job.seed_for(unseeded)}
    assert job.seed_for(unseeded) != Job(id="b", may_return=True).seed_for(unseeded)
