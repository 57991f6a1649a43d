"""What a child is asked to decode: plain JSON values on the way, fractions as text."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs

from adapters.media.config import MediaLimits


@attrs.frozen(kw_only=True)
class FrameOrder:
    """Frames at `start + i / rate` seconds after `origin` on the file's clock, as `width` x `height`."""

    origin: Fraction
    start: Fraction
    rate: Fraction
    frames: int
    width: int
    height: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame in RGB."""
        return self.width * self.height * 3

    def time(self, index: int) -> Fraction:
        """Of a frame, on the file's clock."""
        return self.origin + self.start + index / self.rate


@attrs.frozen(kw_only=True)
class SoundOrder:
    """Samples from `start` seconds after `origin` on the file's clock."""

    origin: Fraction
    start: Fraction
    samples: int
    rate: int
    channels: int


def arguments(limits: MediaLimits, order: FrameOrder | SoundOrder | None = None) -> dict[str, Any]:
    """A task's arguments."""
    return {"limits": attrs.asdict(limits)} | ({} if order is None else {"order": _plain(order)})


def limits_in(given: Mapping[str, Any]) -> MediaLimits:
    """The limits among the arguments."""
    return MediaLimits(**given["limits"])


def frame_order_in(given: Mapping[str, Any]) -> FrameOrder:
    """The order among the arguments."""
    return FrameOrder(**_values(FrameOrder, given["order"]))


def sound_order_in(given: Mapping[str, Any]) -> SoundOrder:
    """The order among the arguments."""
    return SoundOrder(**_values(SoundOrder, given["order"]))


def _plain(order: FrameOrder | SoundOrder) -> dict[str, Any]:
    return attrs.asdict(order, value_serializer=lambda _, __, value: str(value) if type(value) is Fraction else value)


def _values(kind: type[FrameOrder] | type[SoundOrder], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field.name: Fraction(given[field.name]) if field.type is Fraction else given[field.name]
        for field in attrs.fields(kind)
    }
