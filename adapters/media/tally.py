"""What the packets of a stream add up to."""

from collections.abc import Sequence
from fractions import Fraction

import attrs
from av.container import InputContainer
from av.stream import Stream

from adapters.media.config import MediaLimits
from adapters.media.faults import Damaged, Excessive, Overdrawn


@attrs.define
class Tally:
    """Packets of one stream. `begin` and `end` are in ticks; `lengths` adds up for packets without a time.

    `times` are those of the packets that are shown, where `with_times`.
    """

    time_base: Fraction
    most: int
    with_times: bool = False
    times: list[int] = attrs.field(factory=list)
    packets: int = 0
    begin: int | None = None
    end: int = 0
    lengths: int = 0

    @property
    def duration(self) -> Fraction:
        """Seconds from the first packet's start to the last one's end, in the order of display."""
        ticks = self.lengths if self.begin is None else self.end - self.begin
        return ticks * self.time_base

    @property
    def start(self) -> Fraction:
        """When the first packet is shown, in seconds of the file's clock."""
        return (self.begin or 0) * self.time_base

    @property
    def is_open(self) -> bool:
        """Whether the last packet has a time and no length."""
        return bool(self.times) and self.end == max(self.times)

    def add(self, start: int | None, length: int, seconds: int, *, is_shown: bool = True) -> None:
        """Count a packet that is shown from `start`, for `length`. Raises Excessive, also past `seconds`."""
        self.packets += 1
        if self.packets > self.most:
            raise Excessive(must=f"have at most {self.most} frames or packets in a stream")
        if not is_shown:  # an edit list leaves it out, and later ones need it
            return
        if self.with_times and start is not None:
            self.times.append(start)
        self.lengths += length
        if start is not None:
            self.end = start + length if self.begin is None else max(self.end, start + length)
            self.begin = start if self.begin is None else min(self.begin, start)
        if self.duration > seconds:
            raise Excessive(must=f"last at most {seconds} seconds")


def tally(
    file: InputContainer, streams: Sequence[Stream], size: int, limits: MediaLimits, *, open_end: bool
) -> dict[int, Tally]:
    """The tallies of `streams` by their index, from all packets of the file, which has `size` bytes.

    `open_end`: the last packet may be cut off, for the writer of the header could not know the length.

    Raises:
        Damaged: a packet is cut off, or a stream has none.
        Excessive: too many, or too long.
        Overdrawn: packets unfold to more than the file has, or share its bytes.
    """
    tallies = {stream.index: _tally_of(stream, limits) for stream in streams}
    held = 0
    for packet in file.demux(*streams):
        if not packet.size:  # PyAV's own, at the end
            continue
        held += packet.size
        if held > 2 * size:
            raise Overdrawn
        if packet.is_corrupt and not open_end:
            raise Damaged(found="a packet that is cut off")
        is_shown = not packet.is_discard
        tallies[packet.stream_index].add(packet.pts, packet.duration or 0, limits.seconds, is_shown=is_shown)
    if not all(each.packets for each in tallies.values()):
        raise Damaged(found="a stream without packets")
    return tallies


def _tally_of(stream: Stream, limits: MediaLimits) -> Tally:
    is_video = stream.type == "video"
    most = limits.max_frames if is_video else limits.max_packets
    return Tally(stream.time_base or Fraction(1), most, with_times=is_video)
