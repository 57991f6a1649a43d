"""What a worker can be asked for: the table of capabilities for its checkpoint, and the clips that it has room for."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from domain.capabilities import CAPABILITIES, CapabilityKind
from domain.conditions import Condition
from domain.geometry import ClipGeometry, FrameRate
from domain.limits import Limits
from domain.plan import policy_for
from domain.profile import ModelProfile
from domain.recipes import Preset, available_presets, recipe_for
from domain.seen_frames import SeenFrames
from domain.sizing import RESOLUTIONS, AspectRatio, ResolutionName, sized

LISTED_RATE: Final = FrameRate.from_number(24)
LISTED_SHAPE: Final[AspectRatio] = "16:9"
"""Rate and shape of the clips that `longest` speaks of."""
_HELD: Final = SeenFrames(conditions=(Condition(frame=0, strength=1.0, crf=0),))
"""They begin with a picture, as in i2v. From text alone a longer one may fit, with many keyframes a shorter one."""


@attrs.frozen(kw_only=True)
class Offer:
    """A row of the table. `lacks` names what the checkpoint would need for it; empty: it can be asked for."""

    kind: CapabilityKind
    name: str
    lacks: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Offers:
    """All that a worker can be asked for."""

    profile: ModelProfile
    limits: Limits
    offers: tuple[Offer, ...]
    longest: Mapping[Preset, Mapping[ResolutionName, int]]
    """Frames of the longest clip that fits into limits and memory, by estimate, for each preset that is available.
    A resolution is missing where not even one frame fits."""

    def of_kind(self, kind: CapabilityKind) -> tuple[Offer, ...]:
        """The rows of one kind, in the table's order."""
        return tuple(offer for offer in self.offers if offer.kind == kind)


def offers(profile: ModelProfile, limits: Limits) -> Offers:
    """What a worker with this checkpoint, this device and these limits can be asked for. Pure."""
    checkpoint = profile.checkpoint
    return Offers(
        profile=profile,
        limits=limits,
        offers=tuple(Offer(kind=row.kind, name=row.name, lacks=row.lacks(checkpoint)) for row in CAPABILITIES),
        longest={preset: _longest(profile, limits, preset) for preset in available_presets(checkpoint)},
    )


def _longest(profile: ModelProfile, limits: Limits, preset: Preset) -> dict[ResolutionName, int]:
    recipe = recipe_for(profile.checkpoint, preset)
    most = min(limits.num_frames, int(limits.seconds * LISTED_RATE.rate))

    def fitting(name: ResolutionName) -> int:
        size = sized(name, LISTED_SHAPE)
        if size.pixels > limits.pixels:
            return 0
        memory = profile.memory
        if memory is None:
            return most

        def fits(frames: int) -> bool:
            return policy_for(ClipGeometry(size, frames, LISTED_RATE), _HELD, recipe, profile, memory) is not None

        return _last_that(fits, most)

    return {name: frames for name in RESOLUTIONS if (frames := fitting(name))}


def _last_that(fits: Callable[[int], bool], most: int) -> int:
    """The largest number up to `most` that `fits`, where all below it do; 0: not even 1 does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
