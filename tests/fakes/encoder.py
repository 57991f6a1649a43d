"""An encoder without codecs."""

import hashlib
import json
from collections import defaultdict, deque
from pathlib import Path
from typing import Any, Literal

from typing_extensions import override

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Clip, Still
from domain.errors import EncodeFailed, WorkerError
from domain.geometry import ClipGeometry
from domain.media import GIF, MAX_GIF_FPS, MP4, PNG_SEQUENCE, WAV, WEBM, OutputFormat
from domain.results import EncodedPicture, EncodedVideo

Method = Literal["encode", "verify", "encode_still", "check"]


class FakeEncoder(Encoder):
    """Writes a JSON description of a clip instead of the clip, and reads it back.

    The file holds format, size ("512x512"), frames, rate ("24000/1001"), audio_rate and samples (or null) and
    `frames_sha256` of all frames in order: two files are equal if the clips' frames are. `summary(path)` parses it.
    Each format has what the real one has: a gif no sound and 50 frames a second at most, a wav nothing else than
    sound, a webm 48 kHz. A still is the JSON of its size, pixel format and `pixels_sha256`.

    Look inside: `calls` lists (method, target's name) in order, the failed ones too, "" for `check`.

    Break it: `fail("encode", DiskFull("…"))` lets the next call of that method raise, once for each error given, in
    order. `encode` raises it behind the first chunk, with half a file on the disk, which it removes as for every
    other failure; the others raise at once.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Method, str]] = []
        self._queued: defaultdict[Method, deque[WorkerError]] = defaultdict(deque)

    def fail(self, method: Method, *errors: WorkerError) -> None:
        self._queued[method].extend(errors)

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        self.calls.append(("encode", target.name))
        try:
            target.write_text("{")
        except OSError as exc:
            message = f"The video could not be written: {exc.strerror}"
            raise EncodeFailed(message) from exc
        done = False
        try:
            target.write_text(json.dumps(self._described(clip, control, output_format)))
            done = True
        finally:
            if not done:
                target.unlink()

    @override
    def verify(
        self, target: Path, geometry: ClipGeometry, *, audio: bool, output_format: OutputFormat = MP4
    ) -> EncodedVideo:
        self.calls.append(("verify", target.name))
        self._raise_queued("verify")
        try:
            found = summary(target)
        except (OSError, ValueError) as exc:
            message = "The written video cannot be read back"
            raise EncodeFailed(message) from exc
        expected = {"format": output_format.name, **_shown(geometry, output_format)}
        faults = [
            f"{name} {found[name]} instead of {wanted}" for name, wanted in expected.items() if found[name] != wanted
        ]
        rate = found["audio_rate"]
        if (rate is not None) != (audio and output_format.has_sound):
            faults.append("no sound" if audio else "sound that was not asked for")
        elif rate is not None and found["samples"] != geometry.samples(rate):
            faults.append(f"{found['samples']} samples of sound instead of {geometry.samples(rate)}")
        if faults:
            message = f"The written video is not what it should be: {'; '.join(faults)}"
            raise EncodeFailed(message)
        return EncodedVideo(
            content_type=output_format.content_type,
            size=target.stat().st_size,
            sha256=hashlib.sha256(target.read_bytes()).hexdigest(),
            audio_rate=rate,
            audio_channels=None if rate is None else 2,
        )

    @override
    def encode_still(self, still: Still, target: Path) -> EncodedPicture:
        self.calls.append(("encode_still", target.name))
        self._raise_queued("encode_still")
        size = still.resolution.pixels * 3 // (1 if still.pixel_format == "rgb24" else 2)
        if len(still.pixels) != size:
            message = f"The poster's frame has {len(still.pixels)} bytes instead of {size}"
            raise EncodeFailed(message)
        described = {
            "size": str(still.resolution),
            "pixel_format": still.pixel_format,
            "pixels_sha256": hashlib.sha256(still.pixels).hexdigest(),
        }
        try:
            target.write_text(json.dumps(described))
        except OSError as exc:
            message = f"The poster could not be written: {exc.strerror}"
            raise EncodeFailed(message) from exc
        content = target.read_bytes()
        return EncodedPicture(content_type="image/jpeg", size=len(content), sha256=hashlib.sha256(content).hexdigest())

    @override
    def check(self) -> None:
        self.calls.append(("check", ""))
        self._raise_queued("check")

    def _described(self, clip: Clip, control: JobControl, output_format: OutputFormat) -> dict[str, Any]:
        audio = clip.audio if output_format.has_sound else None
        if output_format == WAV and audio is None:
            message = "The clip has no sound, and a wav file has nothing else"
            raise EncodeFailed(message)
        if output_format == GIF and clip.geometry.frame_rate.rate > MAX_GIF_FPS:
            message = f"A GIF shows at most {MAX_GIF_FPS} frames a second, and the clip has more"
            raise EncodeFailed(message)
        if audio is not None and audio.channels not in {1, 2}:
            message = f"The clip's sound has {audio.channels} channels, not 1 or 2"
            raise EncodeFailed(message)
        frames_sha256 = self._taken(clip, control)
        rate = None if audio is None else 48_000 if output_format == WEBM else audio.sampling_rate
        return {
            "format": output_format.name,
            **_shown(clip.geometry, output_format),
            "audio_rate": rate,
            "samples": None if rate is None else clip.geometry.samples(rate),
            "frames_sha256": frames_sha256,
        }

    def _taken(self, clip: Clip, control: JobControl) -> str:
        digest = hashlib.sha256()
        said, done = clip.geometry.frames, 0
        control.check()
        for chunk in clip.chunks:
            self._raise_queued("encode")
            frames, rest = divmod(chunk.nbytes, clip.frame_bytes)
            if rest or not frames:
                message = f"A chunk of the clip has {chunk.nbytes} bytes instead of {clip.frame_bytes} for each frame"
                raise EncodeFailed(message)
            done += frames
            if done > said:
                message = f"The clip has more than the {said} frames that it announced"
                raise EncodeFailed(message)
            digest.update(chunk)
            control.report(StageProgress("encode", done, said))
            control.check()
        if done < said:
            message = f"The clip has {done} frames instead of the {said} that it announced"
            raise EncodeFailed(message)
        return digest.hexdigest()

    def _raise_queued(self, method: Method) -> None:
        if self._queued[method]:
            raise self._queued[method].popleft()


def summary(path: Path) -> dict[str, Any]:
    """What `encode` wrote. Raises ValueError where it is not whole, OSError where it is not there."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _shown(shape: ClipGeometry, output_format: OutputFormat) -> dict[str, int | str]:
    """What can be read from the real file."""
    if output_format == WAV:
        return {}
    rate = {} if output_format == PNG_SEQUENCE else {"rate": str(shape.frame_rate)}
    return {"size": str(shape.resolution), "frames": shape.frames, **rate}
