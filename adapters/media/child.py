"""The probing process for videos and sound: `python -m adapters.media.child`, which the sandbox starts."""

import io
import tempfile
import wave
from collections.abc import Mapping
from typing import Any, Final

import av.audio.codeccontext
import av.subtitles.codeccontext
import av.video.codeccontext  # noqa: F401 - PyAV imports these three when it first meets such a stream, too late here

from adapters.media.claims import as_fields
from adapters.media.config import MediaLimits
from adapters.media.probing import probe
from adapters.sandbox.child import InputFile, Result, serve

_NOTHING: Final = memoryview(b"")
_RATE: Final = 8_000


def probe_file(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """The task "probe": what is in `file`, within the limits that are the arguments."""
    with open(file.descriptor, "rb", closefd=False) as opened:
        return Result(as_fields(probe(opened, "", MediaLimits(**arguments))), _NOTHING)


def probe_a_tone() -> None:
    """Load everything that probing takes; a child that cannot probe ends here."""
    sample = io.BytesIO()
    with wave.open(sample, "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(2 * _RATE))
    with tempfile.TemporaryFile() as file:
        file.write(sample.getvalue())
        file.seek(0)
        probe(file, "", MediaLimits())


if __name__ == "__main__":
    serve({"probe": probe_file}, probe_a_tone)
