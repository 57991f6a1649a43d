"""Everything that reading takes, loaded before the child gives up its files."""

import tempfile
from fractions import Fraction
from io import BytesIO
from typing import Final

import av
import av.audio.codeccontext
import av.subtitles.codeccontext
import av.video.codeccontext  # PyAV imports these three when it first meets such a stream, too late in a child
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from adapters.media.config import MediaLimits
from adapters.media.orders import FrameOrder, SoundOrder
from adapters.media.pictures import decode_frames
from adapters.media.probing import probe
from adapters.media.sounds import decode_sound, measure_sound

_SIDE: Final = 64
_RATE: Final = 8_000
_START: Final = Fraction(1, 5)


def rehearse() -> None:
    """Do each task once, with a clip made here; a child that cannot ends with what is raised."""
    sample = BytesIO()
    with av.open(sample, "w", format="mp4") as file:
        _write(file, file.add_stream("libx264", rate=5), file.add_stream("aac", rate=_RATE, layout="mono"))
    with tempfile.TemporaryFile() as clip:
        clip.write(sample.getvalue())
        clip.flush()
        limits, origin = MediaLimits(), Fraction(0)
        probe(clip, "", limits)
        measure_sound(clip, "", limits)
        order = FrameOrder(origin=origin, start=_START, rate=Fraction(5), frames=2, width=_SIDE, height=_SIDE // 2)
        decode_frames(clip, "", order, limits)
        decode_sound(clip, "", SoundOrder(origin=origin, start=origin, samples=99, rate=16_000, channels=2), limits)


def _write(file: OutputContainer, pictures: VideoStream, sound: AudioStream) -> None:
    pictures.width = pictures.height = _SIDE
    pictures.pix_fmt = "yuv420p"
    pictures.codec_context.thread_count = 1
    for index in range(3):
        picture = VideoFrame(_SIDE, _SIDE, "yuv420p")
        picture.pts, picture.time_base = index, Fraction(1, 5)
        file.mux(pictures.encode(picture))
    file.mux(pictures.encode(None))
    tone = AudioFrame("fltp", "mono", 1024)
    for plane in tone.planes:
        plane.update(bytes(plane.buffer_size))
    tone.sample_rate, tone.pts, tone.time_base = _RATE, 0, Fraction(1, _RATE)
    file.mux(sound.encode(tone))
    file.mux(sound.encode(None))
