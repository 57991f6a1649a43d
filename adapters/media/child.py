"""The process that reads videos and sound: `python -m adapters.media.child`, which the sandbox starts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from adapters.media.claims import as_fields
from adapters.media.orders import frame_order_in, limits_in, sound_order_in
from adapters.media.pictures import decode_frames
from adapters.media.probing import probe
from adapters.media.sounds import decode_sound, measure_sound
from adapters.media.warming import rehearse
from adapters.sandbox.child import InputFile, Result, Task, serve

_NOTHING: Final = memoryview(b"")


@contextmanager
def _opened(file: InputFile) -> Iterator[BinaryIO]:
    with open(file.descriptor, "rb", closefd=False) as opened:
        yield opened


def probe_file(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "probe": what is in `file`."""
    with _opened(file) as opened:
        return Result(as_fields(probe(opened, "", limits_in(arguments))), _NOTHING)


def measure(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "measure": when the sound begins, and how many samples it has."""
    with _opened(file) as opened:
        found = measure_sound(opened, "", limits_in(arguments))
    return Result({"start": str(found.start), "samples": found.samples}, _NOTHING)


def frames(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "frames": uint8 RGB."""
    with _opened(file) as opened:
        return Result({}, decode_frames(opened, "", frame_order_in(arguments), limits_in(arguments)))


def sound(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "sound": float32, planar."""
    with _opened(file) as opened:
        return Result({}, decode_sound(opened, "", sound_order_in(arguments), limits_in(arguments)))


TASKS: Final[Mapping[str, Task]] = {"probe": probe_file, "measure": measure, "frames": frames, "sound": sound}

if __name__ == "__main__":
    serve(TASKS, rehearse)
