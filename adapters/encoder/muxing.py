"""A container of FFmpeg's that is being written: picture and sound side by side."""

from collections.abc import Callable
from contextlib import suppress

import av.error
from av.container import OutputContainer

from adapters.encoder.picture import PictureTrack
from adapters.encoder.sound import SoundTrack


class MuxedWriter:
    """Takes the frames of one clip and leaves a finished file. Raises av's errors and OSError."""

    def __init__(self, container: OutputContainer, picture: PictureTrack, sound: SoundTrack | None) -> None:
        self._container = container
        self._picture = picture
        self._sound = sound

    def add(self, frame: memoryview) -> None:
        """Write the next frame, and the sound up to its end: neither stream piles up while it waits for the other."""
        self._picture.add(frame)
        if self._sound is not None:
            self._sound.advance(self._picture.seconds)

    def finish(self, _: Callable[[], None]) -> None:
        """Write what the codecs hold back, and the file's index."""
        self._picture.finish()
        if self._sound is not None:
            self._sound.finish()
        self._container.close()

    def abandon(self) -> None:
        """Close the container after a failure, whose exception must not be hidden by another one."""
        with suppress(av.error.FFmpegError, OSError):
            self._container.close()
