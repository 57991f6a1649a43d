"""What a job is called, and what follows from it."""

import hashlib
import secrets
from typing import Final

import attrs

from domain.requests import DELIVERY_FIELDS, LATER_FIELDS, WORDING_FIELDS, GenerationRequest
from domain.sampling import MAX_SEED, Seed

_SEED_BITS: Final = MAX_SEED.bit_length()


@attrs.frozen(kw_only=True)
class Job:
    """One delivery of a request.

    `may_return`: the platform may deliver it again (RunPod's queue does). A seed that was not asked for is
    then drawn from the id and the request, so that a second delivery makes the same clip. Elsewhere it comes
    from the operating system: a worker that was frozen and woken up (FlashBoot) repeats its process' own
    random numbers.
    `number`: which of several clips of the job it is about, from 1; each has a record and a drawn seed of its own.
    """

    id: str
    may_return: bool = False
    number: int | None = None

    def item(self, number: int) -> "Job":
        """The same delivery, for the clip with that `number`."""
        return attrs.evolve(self, number=number)

    def key_for(self, request: GenerationRequest) -> str:
        """By what a repeated delivery or submission is known: the caller's idempotency key, else the id."""
        return request.idempotency_key.key if request.idempotency_key else self.id

    def seed_for(self, request: GenerationRequest) -> Seed:
        """The request's seed, or a drawn one."""
        if request.seed is not None:
            return request.seed
        if not self.may_return:
            return Seed(secrets.randbelow(MAX_SEED + 1))
        fields = attrs.asdict(request, filter=_counts)
        drawn_for = f"{self.key_for(request)}\n{fields!r}" + ("" if self.number is None else f"\n{self.number}")
        digest = hashlib.sha256(drawn_for.encode("utf-8", "surrogatepass")).digest()
        return Seed(int.from_bytes(digest[:8], "big") >> (64 - _SEED_BITS))


def _counts(field: "attrs.Attribute[object]", value: object) -> bool:
    """Whether a drawn seed depends on the field."""
    if field.name in LATER_FIELDS:
        return value != field.default
    return field.name not in DELIVERY_FIELDS | WORDING_FIELDS
