"""The boxes of an MP4 or MOV (ISO/IEC 14496-12) that FFmpeg would believe: read and bounded before it sees them.

A sample table may claim any number of samples in a few bytes (a size for all of them, a run of equal durations), and
libavformat 62 sets up an index entry for each: a file of 1.8 KB with 20 million samples took 1.4 GB and 3 seconds
(measured), and ten times as many fit in as well. Other boxes lead to other files.
"""

import struct
from collections.abc import Iterator
from typing import Final

import attrs

from adapters.media.config import MediaLimits
from adapters.media.faults import Damaged, Excessive, OtherFile
from adapters.media.source import Source

_MAX_BOXES: Final = 32_768
"""On the top level, and within one header. A live recording has two for each of its fragments."""
_MAX_HEADER_BYTES: Final = 16 << 20
"""Of all headers together. An hour of video has 5 MB."""
_MAX_EDITS: Final = 64
_OWN_SPEED: Final = 1 << 16
_MAX_DEPTH: Final = 8
"""moov, trak, mdia, minf, stbl: five."""

_PARENTS: Final = frozenset({b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"traf"})
_ELSEWHERE: Final = frozenset({b"rmra", b"rmda", b"rdrf"})  # QuickTime's reference movies
_COMPRESSED: Final = b"cmov"
_SELF_CONTAINED: Final = 1
_TURNS: Final = {(1, 0, 0, 1): 0, (0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270}
"""The matrix of a track header: clockwise degrees."""


@attrs.define
class _Track:
    """What one track claims. `runs`: its tables of durations, each with its entries and the first duration."""

    handler: bytes = b""
    rotation: int = 0
    samples: int = 0
    chunks: int = 0
    chunk_runs: list[tuple[int, int]] = attrs.field(factory=list)
    run_lengths: list[int] = attrs.field(factory=list)
    steady: bool = False


def check_boxes(source: Source, limits: MediaLimits) -> int:
    """The rotation of the first video track, clockwise.

    Raises:
        Damaged: no header, a broken box, or an early end.
        Excessive: more tracks, samples, boxes or edits than are taken.
        OtherFile: the file refers to another one.
        struct.error: a box that is shorter than it must be.
    """
    headers = _Headers(limits)
    seen = 0
    for kind, body in _top_level(source):
        seen += kind == b"moov"
        headers.read(kind, body)
    if seen != 1:
        raise Damaged(found="no header, or several")
    return headers.checked()


def _top_level(source: Source) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each header; what else there is is stepped over."""
    start = header_bytes = 0
    for _ in range(_MAX_BOXES):
        if start >= source.size:
            return
        source.seek(start)
        size, kind, head = _box_head(source.read(16), source.size - start)
        if kind in {b"moov", b"moof"}:
            header_bytes += size
            if header_bytes > _MAX_HEADER_BYTES:
                raise Excessive(must=f"have a header of at most {_MAX_HEADER_BYTES} bytes")
            source.seek(start + head)
            yield kind, memoryview(source.read(size - head))
        start += size
    raise _too_many_boxes()


def _box_head(head: bytes | memoryview, left: int) -> tuple[int, bytes, int]:
    """(size, kind, bytes of the head) of the box that begins with `head`, within `left` bytes."""
    size, kind = struct.unpack_from(">I4s", head)
    length = 8
    if size == 1:
        (size,) = struct.unpack_from(">Q", head, 8)
        length = 16
    elif size == 0:
        size = left
    if not length <= size <= left:
        raise Damaged(found="a broken box, or an early end")
    return size, kind, length


@attrs.define
class _Headers:
    """What all headers of one file claim together."""

    limits: MediaLimits
    tracks: list[_Track] = attrs.field(factory=list)
    fragment_samples: int = 0
    _boxes: int = 0

    def read(self, parent: bytes, body: memoryview, depth: int = 0) -> None:
        """Read the boxes in `body`."""
        if depth > _MAX_DEPTH:
            raise Damaged(found="boxes in boxes in boxes")
        start = 0
        while start + 8 <= len(body):
            self._boxes += 1
            if self._boxes > _MAX_BOXES:
                raise _too_many_boxes()
            size, kind, head = _box_head(body[start : start + 16], len(body) - start)
            inside = body[start + head : start + size]
            if kind in _ELSEWHERE:
                raise OtherFile
            if kind == _COMPRESSED:
                raise Excessive(must="have a header that is not compressed")
            if kind == b"trak":
                self._add_track()
            if kind in _PARENTS:
                self.read(kind, inside, depth + 1)
            else:
                self._take(parent, kind, inside)
            start += size

    def checked(self) -> int:
        """The rotation of the first video track, if no track claims too much."""
        if self.fragment_samples > self.limits.max_frames + self.limits.max_packets:
            raise _too_many_samples()
        for track in self.tracks:
            self._check(track)
        return next((track.rotation for track in self.tracks if track.handler == b"vide"), 0)

    def _add_track(self) -> None:
        self.tracks.append(_Track())
        if len(self.tracks) > self.limits.max_streams:
            raise Excessive(must=f"have at most {self.limits.max_streams} streams")

    def _take(self, parent: bytes, kind: bytes, body: memoryview) -> None:
        if kind == b"dref":
            _check_references(body)
        elif kind == b"trun":
            self.fragment_samples += struct.unpack_from(">I", body, 4)[0]
        elif kind == b"elst":
            _check_edits(body)
        if self.tracks:
            _describe(self.tracks[-1], parent, kind, body)

    def _check(self, track: _Track) -> None:
        """Sound that is no packets but samples (PCM) has a table of one run with a duration of one."""
        limits = self.limits
        if track.handler == b"soun":
            most = limits.max_samples if track.steady else limits.max_packets
        else:
            most = limits.max_frames
        claims = (track.samples, _samples_in_chunks(track), *track.run_lengths)
        if max(claims) > most:
            raise _too_many_samples()


def _check_edits(body: memoryview) -> None:
    """FFmpeg shows an edit at its media's own speed, whatever the edit says; an empty one has none."""
    version, count = struct.unpack_from(">B3xI", body)
    if count > _MAX_EDITS:
        raise Excessive(must=f"have at most {_MAX_EDITS} edits")
    for _, start, speed in _entries(body, ">QqI" if version == 1 else ">IiI"):
        if start >= 0 and speed != _OWN_SPEED:
            raise Excessive(must="be edited at its own speed")


def _describe(track: _Track, parent: bytes, kind: bytes, body: memoryview) -> None:
    if kind == b"hdlr" and parent == b"mdia":
        track.handler = bytes(body[8:12])
    elif kind == b"tkhd":
        track.rotation = _rotation(body)
    elif kind in {b"stsz", b"stz2"}:
        track.samples = max(track.samples, struct.unpack_from(">I", body, 8)[0])
    elif kind in {b"stco", b"co64"}:
        track.chunks = max(track.chunks, struct.unpack_from(">I", body, 4)[0])
    elif kind == b"stsc":
        track.chunk_runs += [(first, samples) for first, samples, _ in _entries(body, ">III")]
    elif kind in {b"stts", b"ctts"}:
        runs = _entries(body, ">II")
        track.run_lengths.append(sum(count for count, _ in runs))
        track.steady = track.steady or (kind == b"stts" and len(runs) == 1 and runs[0][1] == 1)


def _entries(body: memoryview, layout: str) -> list[tuple[int, ...]]:
    """The entries of a table that begins with their number, as far as they are there."""
    (count,) = struct.unpack_from(">I", body, 4)
    size = struct.calcsize(layout)
    return list(struct.iter_unpack(layout, body[8 : 8 + min(count, (len(body) - 8) // size) * size]))


def _samples_in_chunks(track: _Track) -> int:
    """A run says from which chunk on there are how many samples in each."""
    total = 0
    end = track.chunks + 1
    for first, samples in reversed(track.chunk_runs):
        total += max(0, end - first) * samples
        end = first
    return total


def _check_references(body: memoryview) -> None:
    """Each data reference must be this file itself."""
    (count,) = struct.unpack_from(">I", body, 4)
    start = 8
    for _ in range(min(count, _MAX_BOXES)):
        size, _, flags = struct.unpack_from(">I4sI", body, start)
        if not flags & _SELF_CONTAINED:
            raise OtherFile
        start += max(size, 12)


def _rotation(body: memoryview) -> int:
    """Of a track header; 0 for what is no quarter turn."""
    (version,) = struct.unpack_from(">B", body)
    start = 52 if version == 1 else 40
    a, b, _, c, d = struct.unpack_from(">5i", body, start)
    one = 1 << 16
    if any(value % one for value in (a, b, c, d)):
        return 0
    return _TURNS.get((a // one, b // one, c // one, d // one), 0)


def _too_many_boxes() -> Excessive:
    return Excessive(must=f"have at most {_MAX_BOXES} boxes")


def _too_many_samples() -> Excessive:
    return Excessive(must="have fewer frames or packets")
