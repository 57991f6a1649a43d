"""Imports of large libraries, without the garbage collector's part in their time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(library: str) -> Iterator[None]:
    """Import `library` inside. The first time, nothing is collected meanwhile, nor ever of what is there at the end.

    torch and diffusers bring 3,000 modules, whose objects stay; the collector walks through all that there are so far
    again and again, a sixth of the imports' time. Frozen, they cost later collections nothing either, and are not
    written to in the SDK's ping process, which shares their memory.
    """
    if library in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
