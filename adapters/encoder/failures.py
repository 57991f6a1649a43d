"""Errors of FFmpeg, of files, zips and WAVs as the worker's."""

import errno
import wave
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import av.error
from av.codec.codec import UnknownCodecError

from domain.errors import DiskFull, EncodeFailed, WorkerError

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def vendor_failures(doing: str) -> Iterator[None]:
    """Raise what av, the file system and the readers of files raise inside as the worker's errors.

    Only calls of the codec, the container and the file belong inside. What a clip's producer raises must pass as
    it is, and it may well be an error of av: a producer that decodes is one.

    Args:
        doing: begins the message: "The video could not be written".

    Raises:
        DiskFull: the disk or the quota is used up.
        EncodeFailed: anything else.
    """
    try:
        yield
    except UnknownCodecError as exc:
        message = f"{doing}: this build of FFmpeg has no {exc}"
        raise EncodeFailed(message) from exc
    except (av.error.FFmpegError, OSError) as exc:
        raise translated(exc, doing) from exc
    except (wave.Error, zipfile.BadZipFile, EOFError) as exc:
        message = f"{doing}: the file is damaged"
        raise EncodeFailed(message) from exc


def translated(error: av.error.FFmpegError | OSError, doing: str) -> WorkerError:
    """The worker's error for `error`. `strerror` is the bare reason; its neighbour `filename` is a path."""
    if error.errno in _NO_ROOM:
        return DiskFull("The local disk has no room for the video")
    return EncodeFailed(f"{doing}: {error.strerror or 'unknown error'}")
