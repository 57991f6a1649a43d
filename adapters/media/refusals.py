"""What is wrong with a file, in the worker's words."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import av.error

from adapters.http.faults import at_field
from adapters.media.faults import Damaged, Excessive, NotTaken, OtherFile, Overdrawn
from domain.errors import InputRefused, InputUnreadable

_TAKEN: Final = "must be an MP4, MOV, WebM, Matroska, WAV, MP3, FLAC or Ogg file"

REFERS: Final = "must be one plain file that refers to no other"

_BROKEN: Final = (av.error.FFmpegError, ValueError, struct.error)
"""What PyAV and our own readers raise for damaged files. Among av's is one for want of memory, as it says where a file
claims too much. An OSError that is none of av's is about our disk; the sandbox says what Python's MemoryError means."""


@contextmanager
def refusals(path: str) -> Iterator[None]:
    """Translate what is wrong with a file. Messages name the request's field `path`.

    Raises:
        InputRefused: a format or codec that is not taken, more than the limits, or a reference to another file.
        InputUnreadable: damaged, cut off, or neither pictures nor sound.
    """
    try:
        yield
    except NotTaken as exc:
        if exc.kind is None:
            raise at_field(InputUnreadable, path, _TAKEN) from exc
        raise at_field(InputRefused, path, f"{_TAKEN}, got {exc.kind}") from exc
    except Excessive as exc:
        raise at_field(InputRefused, path, exc.message) from exc
    except Overdrawn as exc:
        raise at_field(InputRefused, path, "takes too long to read") from exc
    except OtherFile as exc:
        raise at_field(InputRefused, path, REFERS) from exc
    except Damaged as exc:
        raise at_field(InputUnreadable, path, exc.told) from exc
    except _BROKEN as exc:
        raise at_field(InputUnreadable, path, Damaged.told) from exc
