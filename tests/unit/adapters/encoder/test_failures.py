import errno
import os
from collections.abc import Callable

import av
import av.error
import pytest

from adapters.encoder.failures import translated, vendor_failures
from domain.errors import DiskFull, EncodeFailed


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("kind", [OSError, av.error.OSError])
def test_no_room_is_a_full_disk(number: int, kind: Callable[[int, str, str], OSError]) -> None:
    assert isinstance(translated(kind(number, os.strerror(number), "/a/path"), "Writing"), DiskFull)


def test_other_errors_keep_their_reason_but_no_path() -> None:
    failure = translated(PermissionError(errno.EACCES, "Permission denied", "/a/path"), "Writing")

    assert isinstance(failure, EncodeFailed)
    assert failure.message == "Writing: Permission denied"


def test_a_codec_that_is_not_there_is_named() -> None:
    with pytest.raises(EncodeFailed, match="no libnothing"), vendor_failures("Checking"):
        av.Codec("libnothing", "w")
