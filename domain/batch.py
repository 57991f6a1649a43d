"""Several clips in one job: takes of one request, or a list of requests."""

from typing import Final

import attrs

from domain.errors import InvalidInput
from domain.output import ONE_OUTPUT
from domain.requests import GenerationRequest
from domain.sampling import MAX_SEED, Seed
from domain.webhook import WebhookUrl

MAX_BATCH: Final = 16
"""Requests in one job. All of them share its time budget and lie in one body of at most 10 MB."""

Item = GenerationRequest | InvalidInput
"""A request, or what is wrong with it."""


@attrs.frozen(kw_only=True)
class Batch:
    """A list of requests in one job, in its order; each succeeds or fails by itself.

    The requests' clips have the numbers of their places in their names, and the whole job's key and target.
    """

    items: tuple[Item, ...]
    webhook_url: WebhookUrl | None = None


def numbered(request: GenerationRequest, number: int) -> GenerationRequest:
    """`request` for one clip among several: the one with that `number`, from 1."""
    return attrs.evolve(request, file_name=request.file_name.numbered(number), num_outputs=ONE_OUTPUT)


def takes(request: GenerationRequest, first: Seed) -> tuple[GenerationRequest, ...]:
    """A request for each of the clips that `request` asks for, with `first` as the first one's seed.

    The others' seeds count up; behind the largest comes 0. But for its file's name each makes the clip of a job of its
    own with that seed.
    """
    return tuple(
        attrs.evolve(numbered(request, index + 1), seed=Seed((first.number + index) % (MAX_SEED + 1)))
        for index in range(request.num_outputs.number)
    )
