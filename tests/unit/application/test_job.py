"""Seeds: given, drawn, and drawn again alike for a job that returns."""

import random

import attrs

from application.job import Job
from domain.conditions import Strength
from domain.naming import IdempotencyKey
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Prompt, TextToVideo
from domain.sampling import MAX_SEED, Seed

REQUEST = TextToVideo(prompt=Prompt("a dog"))
KEYED = attrs.evolve(REQUEST, idempotency_key=IdempotencyKey("order-7"))


def drawn(job_id: str, request: GenerationRequest = REQUEST, *, may_return: bool = True) -> int:
    return Job(id=job_id, may_return=may_return).seed_for(request).number


def test_a_given_seed_is_taken() -> None:
    assert drawn("a", attrs.evolve(REQUEST, seed=Seed(5))) == 5


def test_a_job_that_returns_draws_the_same_seed() -> None:
    assert drawn("a") == drawn("a")


def test_another_job_and_another_request_draw_other_seeds() -> None:
    seeds = {drawn("a"), drawn("b"), drawn("a", attrs.evolve(REQUEST, prompt=Prompt("a cat")))}
    assert len(seeds) == 3


def test_an_idempotency_key_stands_in_for_the_id() -> None:
    assert drawn("a", KEYED) == drawn("b", KEYED) != drawn("a")


def test_a_job_is_known_by_its_key_or_by_its_id() -> None:
    assert [Job(id="a").key_for(request) for request in (REQUEST, KEYED)] == ["a", "order-7"]


def test_elsewhere_every_draw_is_new() -> None:
    assert len({drawn("a", may_return=False) for _ in range(20)}) == 20


def test_drawn_seeds_use_the_whole_range_and_stay_inside() -> None:
    for may_return in (True, False):
        seeds = [drawn(str(number), may_return=may_return) for number in range(400)]
        assert 0 <= min(seeds) < MAX_SEED / 50
        assert MAX_SEED * 49 / 50 < max(seeds) <= MAX_SEED


def test_a_prompt_with_half_a_surrogate_pair_can_be_hashed() -> None:
    assert drawn("a", attrs.evolve(REQUEST, prompt=Prompt("\ud83d"))) >= 0


def test_a_process_that_was_frozen_and_woken_up_does_not_repeat_its_draws() -> None:
    """FlashBoot gives back the memory as it was, the state of every generator in it included."""
    frozen = random.getstate()
    first = drawn("a", may_return=False)
    random.setstate(frozen)
    assert drawn("a", may_return=False) != first


def test_fields_that_came_later_change_no_drawn_seed_at_their_defaults() -> None:
    """Worked out before they came: a job that is delivered to an older and to a newer worker makes the same clip."""
    plain = TextToVideo(prompt=Prompt("a dog"))
    pictured = ImageToVideo(prompt=Prompt("a dog"), image=ImageUrl("https://a.b/c?token=secret"))
    assert drawn("a", plain) == 7166991443165474
    assert drawn("a", pictured) == 2362287852040153
    assert drawn("a", attrs.evolve(pictured, image_strength=Strength(0.5))) != 2362287852040153


def test_each_clip_of_a_job_that_may_return_has_a_seed_of_its_own_and_gets_it_again() -> None:
    job, request = Job(id="job-1", may_return=True), TextToVideo(prompt=Prompt("a dog"))
    seeds = [job.seed_for(request), *(job.item(number).seed_for(request) for number in (1, 2))]
    assert len(set(seeds)) == 3
    assert job.item(2).seed_for(request) == seeds[2]
