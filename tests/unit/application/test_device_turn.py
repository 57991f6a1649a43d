"""The device's turn, the encoder's thread, and that neither outlasts its job."""

import threading
import time
from pathlib import Path

import attrs
import pytest
from typing_extensions import override

from application.job_control import JobControl
from domain.clip import Clip
from domain.errors import DiskFull, GpuFailed, WorkerError
from domain.geometry import ClipGeometry, FrameCount
from domain.media import MP4, OutputFormat
from domain.results import EncodedVideo
from tests.fakes.encoder import FakeEncoder
from tests.fakes.video_model import FakeVideoModel
from tests.unit.application.test_generate_video import SMALL, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_device_is_free_before_the_file_is_verified_and_stored(world: World) -> None:
    seen: list[int] = []

    class Watching(FakeEncoder):
        @override
        def verify(
            self, target: Path, geometry: ClipGeometry, *, audio: bool, output_format: OutputFormat = MP4
        ) -> EncodedVideo:
            seen.append(world.model.left)
            return super().verify(target, geometry, audio=audio, output_format=output_format)

    world.generate.encoder = Watching()
    world.run()
    assert seen == [1]


class Slow(FakeEncoder):
    """Waits, before its first chunk or behind its last one, until the model has been left."""

    def __init__(self, model: FakeVideoModel, *, before: bool) -> None:
        super().__init__()
        self.model = model
        self.before = before
        self.has_waited = False

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        if self.before:
            self.wait()
        super().encode(clip, target, control, output_format=output_format)
        if not self.before:
            self.wait()

    def wait(self) -> None:
        end = time.monotonic() + 5
        while not self.model.left and time.monotonic() < end:
            time.sleep(0.001)
        self.has_waited = self.model.left == 1


def test_the_device_is_free_while_the_encoder_still_works(world: World) -> None:
    slow = Slow(world.model, before=False)
    world.generate.encoder = slow
    world.run()
    assert slow.has_waited


def test_with_spare_bytes_a_slow_encoder_does_not_keep_the_device(world: World) -> None:
    request = attrs.evolve(SMALL, num_frames=FrameCount(50))
    expected = world.run(request).video.sha256
    slow = Slow(FakeVideoModel(), before=True)
    world.generate.model, world.generate.encoder = slow.model, slow
    world.generate.spare_bytes = 50 * 100 * 64 * 3
    assert world.run(request).video.sha256 == expected
    assert slow.has_waited


def test_a_job_leaves_no_thread_behind_however_it_ends(world: World) -> None:
    before = threading.active_count()
    world.run()
    world.model.fail("chunk", GpuFailed("lost"), after=1)
    world.encoder.fail("encode", DiskFull("full"))
    for _ in range(2):
        with pytest.raises(WorkerError):
            world.run()
    assert threading.active_count() == before
