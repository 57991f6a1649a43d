"""An encoder without codecs."""

import hashlib
import json
from collections import defaultdict, deque
from pathlib import Path
from typing import Any, Literal

from typing_extensions import override

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Clip
from domain.errors import EncodeFailed, WorkerError
from domain.geometry import ClipGeometry
from domain.results import EncodedVideo

Method = Literal["encode", "verify", "check"]


class FakeEncoder(Encoder):
    """Writes a JSON description of a clip instead of the clip, and reads it back.

    The file holds size ("512x512"), frames, rate ("24000/1001"), audio_rate and samples (both null without sound), and
    `frames_sha256` of all frames in order: two files are equal if the clips' frames are. `summary(path)` parses it.

    Look inside: `calls` lists (method, target's name) in order, the failed ones too, "" for `check`.

    Break it: `fail("encode", DiskFull("…"))` lets the next call of that method raise, once for each error given, in
    order. `encode` raises it behind the first chunk, with half a file on the disk, which it removes as for every
    other failure; `verify` and `check` raise at once.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Method, str]] = []
        self._queued: defaultdict[Method, deque[WorkerError]] = defaultdict(deque)

    def fail(self, method: Method, *errors: WorkerError) -> None:
        self._queued[method].extend(errors)

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl) -> None:
        self.calls.append(("encode", target.name))
        try:
            target.write_text("{")
        except OSError as exc:
            message = f"The video could not be written: {exc.strerror}"
            raise EncodeFailed(message) from exc
        done = False
        try:
            target.write_text(json.dumps(self._described(clip, control)))
            done = True
        finally:
            if not done:
                target.unlink()

    @override
    def verify(self, target: Path, geometry: ClipGeometry, *, audio: bool) -> EncodedVideo:
        self.calls.append(("verify", target.name))
        self._raise_queued("verify")
        try:
            found = summary(target)
        except (OSError, ValueError) as exc:
            message = "The written video cannot be read back"
            raise EncodeFailed(message) from exc
        expected = _geometry(geometry)
        faults = [
            f"{name} {found[name]} instead of {wanted}" for name, wanted in expected.items() if found[name] != wanted
        ]
        if (found["audio_rate"] is not None) != audio:
            faults.append("no sound" if audio else "sound that was not asked for")
        if faults:
            message = f"The written video is not what it should be: {'; '.join(faults)}"
            raise EncodeFailed(message)
        return EncodedVideo(
            content_type="video/mp4",
            size=target.stat().st_size,
            sha256=hashlib.sha256(target.read_bytes()).hexdigest(),
            audio_rate=found["audio_rate"],
            audio_channels=2 if audio else None,
        )

    @override
    def check(self) -> None:
        self.calls.append(("check", ""))
        self._raise_queued("check")

    def _described(self, clip: Clip, control: JobControl) -> dict[str, Any]:
        audio = clip.audio
        if audio is not None and audio.channels not in {1, 2}:
            message = f"The clip's sound has {audio.channels} channels, not 1 or 2"
            raise EncodeFailed(message)
        frames_sha256 = self._taken(clip, control)
        return {
            **_geometry(clip.geometry),
            "audio_rate": audio.sampling_rate if audio else None,
            "samples": clip.geometry.samples(audio.sampling_rate) if audio else None,
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


def _geometry(shape: ClipGeometry) -> dict[str, int | str]:
    return {"size": str(shape.resolution), "frames": shape.frames, "rate": str(shape.frame_rate)}
