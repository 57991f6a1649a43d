"""A job that comes again: one render, one clip, one record."""

import datetime as dt
import json
from pathlib import Path

import attrs
import pytest

from adapters.wire.codec import Wire
from application.generate_once import GenerateOnce
from application.generate_video import GenerateVideo
from domain.errors import (
    StorageUnavailable,
)
from domain.naming import FileName, IdempotencyKey
from domain.requests import Prompt
from domain.sampling import Seed
from tests.fakes.object_store import InMemoryStore
from tests.fakes.video_model import FAKE_PROFILE, FakeVideoModel
from tests.support.repeated_jobs import CLIP, NOTICE, RECORD, REQUEST, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_finished_job_leaves_a_record_beside_its_clip(world: World) -> None:
    result = world.run()
    assert sorted(world.store.objects) == [CLIP, RECORD]
    headers = world.store.objects[RECORD].headers
    assert (headers.content_type, headers.cache_seconds) == ("application/json", 0)
    assert world.store.stat(RECORD).sha256 is not None
    record = world.record()
    place = attrs.evolve(result.stored, signed_url=None, public_url=None, expires_at=None)
    assert record.result == attrs.evolve(result, stored=place)
    assert record.created_at == world.now
    assert (record.prompt, record.negative_prompt) == ("a dog", "blurry")
    assert (result.replayed, result.all_warnings) == (False, ())


def test_the_clip_is_stored_before_its_record(world: World) -> None:
    world.run()
    assert [key for method, key in world.store.calls if method == "put"] == [CLIP, RECORD]


def test_the_same_job_again_is_answered_on_another_day_by_another_worker_without_a_render(world: World) -> None:
    first = world.run()
    other = world.again(days=3)
    second = other.run()
    assert (world.renders, other.renders) == (1, 0)
    assert second == attrs.evolve(first, stored=second.stored, warnings=(NOTICE,), replayed=True)
    assert second.stored.path == first.stored.path == CLIP
    assert second.stored.signed_url not in {None, first.stored.signed_url}
    assert second.stored.expires_at == other.now + dt.timedelta(hours=1)
    assert world.store.fetch(str(second.stored.signed_url)) == world.store.objects[CLIP].content


def test_a_replay_writes_nothing(world: World) -> None:
    world.run()
    before = dict(world.store.objects)
    world.run()
    assert world.store.objects == before
    assert [method for method, _ in world.store.calls].count("put") == 2


def test_a_replay_repeats_the_jobs_warnings_but_not_those_about_the_url(world: World) -> None:
    world.store.fail("url", StorageUnavailable("no answer"))
    first = world.run(attrs.evolve(REQUEST, low_vram=True))
    assert len(first.warnings) == len(first.stored.warnings) == 1
    assert world.run(attrs.evolve(REQUEST, low_vram=True)).all_warnings == (first.warnings[0], NOTICE)


def test_a_replay_signs_a_url_only_where_it_is_wanted(world: World) -> None:
    world.run()
    unsigned = world.run(attrs.evolve(REQUEST, return_signed_url=False))
    assert world.renders == 1
    assert (unsigned.stored.signed_url, unsigned.stored.path) == (None, CLIP)


def test_a_replay_from_a_public_store_has_its_public_url(tmp_path: Path) -> None:
    world = World(tmp_path, InMemoryStore(public=True))
    world.run()
    stored = world.run(attrs.evolve(REQUEST, return_signed_url=False)).stored
    assert world.renders == 1
    assert stored.public_url is not None
    assert world.store.fetch(stored.public_url) == world.store.objects[CLIP].content


def test_a_replay_without_a_url_is_a_warning(world: World) -> None:
    world.run()
    world.store.fail("url", StorageUnavailable("no answer"))
    assert "gave no URL" in world.run().all_warnings[-1]
    assert world.renders == 1


@pytest.mark.parametrize(
    "change", [{"seed": Seed(1)}, {"prompt": Prompt("a cat")}, {"file_name": FileName("dog.mp4")}], ids=str
)
def test_another_request_under_the_same_id_is_a_new_job(world: World, change: dict[str, object]) -> None:
    world.run()
    other = attrs.evolve(REQUEST, **change)  # type: ignore[arg-type]  # fields of the request
    assert world.run(other).all_warnings == ()
    assert world.renders == 2
    assert world.run(other).replayed


def test_another_revision_of_the_model_is_a_new_job(world: World) -> None:
    world.run()
    other = world.again()
    other.model = FakeVideoModel(attrs.evolve(FAKE_PROFILE, revision="1"))
    other.once.model = other.model
    assert isinstance(other.once.generate, GenerateVideo)
    other.once.generate.model = other.model
    assert not other.run().replayed


def test_another_id_is_a_new_job(world: World) -> None:
    world.run()
    assert not world.run(job_id="job-2").replayed
    assert world.renders == 2


def test_an_idempotency_key_stands_in_for_the_id(world: World) -> None:
    request = attrs.evolve(REQUEST, idempotency_key=IdempotencyKey("order-7"))
    first, second = world.run(request), world.run(request, job_id="job-2")
    assert world.renders == 1
    assert second.stored.path == first.stored.path == CLIP
    assert "clips/_jobs/order-7.json" in world.store.objects
    assert RECORD not in world.store.objects


def test_outside_of_the_queue_there_are_no_records(world: World) -> None:
    world.run(may_return=False)
    world.run(may_return=False)
    assert world.renders == 2
    assert list(world.store.objects) == [CLIP]
    assert {method for method, _ in world.store.calls} == {"put", "url"}


def test_prompts_can_be_left_out(world: World) -> None:
    world.once.keep_prompts = False
    world.run()
    record = world.record()
    assert (record.prompt, record.negative_prompt) == (None, None)
    assert b"dog" not in world.store.objects[RECORD].content
    assert world.run().replayed


def test_a_record_is_dated_in_utc(world: World) -> None:
    world.once = GenerateOnce(
        generate=world.once.generate, model=world.model, store=world.store, codec=Wire(), prefix="clips"
    )
    before = dt.datetime.now(dt.UTC)
    world.run()
    assert before <= world.record().created_at <= dt.datetime.now(dt.UTC)
    assert world.record().created_at.tzinfo is dt.UTC


def test_a_record_is_json_for_other_readers_too(world: World) -> None:
    world.run()
    document = json.loads(world.store.objects[RECORD].content)
    assert document["prompt"] == "a dog"
    assert document["result"]["stored"]["path"] == CLIP
    assert document["result"]["video"]["sha256"] == world.store.objects[CLIP].headers.sha256
