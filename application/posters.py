"""A frame of a clip, taken as it passes to the encoder, and put beside the clip."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from application.job_control import JobControl
from application.ports.encoder import Encoder
from application.ports.object_store import ObjectHeaders, ObjectStore
from application.ports.target_store import TargetStore
from application.stored_objects import describe
from domain.clip import Clip, Still
from domain.errors import StoragePending, WorkerError
from domain.requests import GenerationRequest
from domain.results import EncodedPicture, StoredObject, StoredPoster

_LATER: Final = "The poster is not in the store yet; it is delivered later, under its path"
_SECONDS: Final = 30.0
"""What a poster may add to a job whose clip is safe already."""


@attrs.define
class FrameTap:
    """Keeps a copy of one frame. `frame` counts from 0; None: of none."""

    frame: int | None
    still: Still | None = attrs.field(init=False, default=None)

    def watched(self, clip: Clip) -> Clip:
        """`clip`, whose chunks pass by here as they are."""
        return clip if self.frame is None else attrs.evolve(clip, chunks=self._passed(clip, self.frame))

    def _passed(self, clip: Clip, frame: int) -> Iterator[memoryview]:
        size = clip.frame_bytes
        wanted = frame * size
        for chunk in clip.chunks:
            if wanted >= 0 and wanted + size <= chunk.nbytes:
                pixels = bytes(chunk.cast("B")[wanted : wanted + size])
                self.still = Still(resolution=clip.geometry.resolution, pixel_format=clip.pixel_format, pixels=pixels)
            wanted -= chunk.nbytes
            yield chunk


@attrs.frozen(kw_only=True)
class Posters:
    """Makes and stores posters. One that cannot be had is a warning: the clip beside it is what was asked for."""

    encoder: Encoder
    store: ObjectStore
    targets: TargetStore

    def put(
        self, tap: FrameTap, folder: Path, clip_key: str, request: GenerationRequest, control: JobControl
    ) -> tuple[StoredPoster | None, tuple[str, ...]]:
        """The poster of the frame that `tap` kept, written to `folder` and stored beside the clip; or None, and why.

        It takes its own time, also if the job was stopped meanwhile, and is not told as progress: what is told goes
        forward, and the clip's upload was the last of it.
        """
        if tap.frame is None or tap.still is None:
            return None, ()
        name = request.file_name.poster.name
        file, key = folder / name, f"{clip_key.rpartition('/')[0]}/{name}"
        own = JobControl(deadline=control.clock() + _SECONDS, clock=control.clock)
        try:
            picture = self.encoder.encode_still(tap.still, file)
            stored = self._stored(picture, file, key, request, own)
        except WorkerError as exc:
            return None, (f"The clip has no poster: {exc.message}",)
        return StoredPoster(frame=tap.frame, picture=picture, stored=stored), ()

    def _stored(
        self, picture: EncodedPicture, file: Path, key: str, request: GenerationRequest, control: JobControl
    ) -> StoredObject:
        headers = ObjectHeaders(content_type=picture.content_type, sha256=picture.sha256)
        signed = request.return_signed_url
        if request.target is not None:
            return self.targets.put(file, key, headers, request.target, control, signed=signed)
        try:
            self.store.put(file, key, headers, control)
        except StoragePending:
            return StoredObject(backend=self.store.backend, bucket=self.store.bucket, path=key, warnings=(_LATER,))
        return describe(self.store, key, signed=signed, what="poster")
