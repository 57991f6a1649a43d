"""Shared memory of one request: anonymous files, in no folder, gone with their last descriptor.

Seals make them safe to share with a process that may have gone wrong. Neither side can shrink a file, which would end
the other with SIGBUS; and pixels are only looked at once nobody can write them any more.
"""

import fcntl
import mmap
import os
from typing import Final

_SIZE_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


def input_file(data: bytes) -> int:
    """A descriptor of a file that holds `data` and never changes. The caller's to close."""
    descriptor = os.memfd_create("sandbox-input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        write_all(descriptor, memoryview(data))
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SIZE_SEALS | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def output_file(size: int) -> int:
    """A descriptor of a file of exactly `size` bytes, which takes memory only where it is written. The caller's."""
    descriptor = os.memfd_create("sandbox-output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SIZE_SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def frozen(descriptor: int, size: int) -> memoryview:
    """The first `size` bytes, read-only and without a copy; the memory is given back when the view is.

    Raises:
        OSError: somebody can still write to them.
    """
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    if size == 0:
        return memoryview(b"")
    # Private: before Linux 6.7 a sealed file could not be mapped as shared, not even to read.
    return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))


def write_all(descriptor: int, data: memoryview) -> None:
    """Write `data` to the beginning. Not through a mapping: that costs a page fault for every 4 KiB."""
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], done)


def read_all(descriptor: int, size: int) -> bytes:
    """The first `size` bytes.

    Raises:
        ValueError: there are fewer.
    """
    data = os.pread(descriptor, size, 0)
    if len(data) != size:
        message = f"expected {size} bytes"
        raise ValueError(message)
    return data
