"""What can be asked for: `{"mode": "capabilities"}` for a program, lines of text for a person."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from domain.offers import LISTED_RATE, LISTED_SHAPE, Offer, Offers
from entrypoints.guard import Operation
from entrypoints.replies import Reply


class OffersCodec(Protocol):
    """What can be asked for as JSON (adapters/wire)."""

    def encode_offers(self, offers: Offers) -> Reply: ...


def as_operation(codec: OffersCodec, offers: Callable[[], Offers]) -> Operation:
    """The operation that `offers`, a ListOffers, does for a job."""

    def answer(_: Mapping[str, object]) -> Reply:
        return codec.encode_offers(offers())

    return Operation(answer)


def as_lines(offers: Offers) -> Iterator[str]:
    """The same for a terminal: what there is, what is missing for the rest, and the clips that there is room for."""
    profile, limits = offers.profile, offers.limits
    kind = "distilled" if profile.checkpoint.is_distilled else "dev"
    made = f"{profile.name}, revision {profile.revision[:12]}, {profile.checkpoint.family.name} {kind}"
    yield f"{made}, on {profile.device}"
    for title, rows in (
        ("modes", offers.of_kind("mode")),
        ("presets", offers.of_kind("preset")),
        ("fields", offers.of_kind("field")),
    ):
        yield ""
        yield title
        yield from map(_line, rows)
    yield ""
    yield f"limits: {limits.num_frames} frames, {limits.pixels} pixels, {limits.seconds:g} seconds"
    yield f"longest clip of {LISTED_SHAPE} at {LISTED_RATE.number} fps, in frames"
    for preset, longest in offers.longest.items():
        sizes = ", ".join(f"{name} {frames}" for name, frames in longest.items())
        yield f"  {preset:<18}{sizes or 'none fits'}"


def _line(offer: Offer) -> str:
    return f"  {offer.name:<18}{'needs ' + ' and '.join(offer.lacks) if offer.lacks else 'yes'}"
