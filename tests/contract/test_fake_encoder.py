from fractions import Fraction
from pathlib import Path

import pytest
from typing_extensions import override

from domain.clip import Still
from domain.errors import DiskFull, EncodeFailed, WorkerError
from domain.geometry import ClipGeometry, Resolution
from domain.media import GIF, PNG_SEQUENCE, WAV, WEBM
from tests.contract.encoder_bench import NO_DEADLINE, Summarise, Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.encoder_stills_contract import EncoderStillsContract
from tests.fakes.encoder import FakeEncoder, Method, summary
from tests.support.clips import clip_of, geometry, grey_frames


def read(path: Path) -> Summary:
    found = summary(path)
    width, _, height = found.get("size", "").partition("x")
    rate = found["audio_rate"]
    return Summary(
        resolution=Resolution(int(width), int(height)) if height else None,
        frames=found.get("frames"),
        rate=Fraction(found["rate"]) if "rate" in found else None,
        audio_rate=rate,
        sound=None if rate is None else Fraction(found["samples"], rate),
    )


class TestFakeEncoder(EncoderContract, EncoderFaultsContract, EncoderStillsContract):
    @pytest.fixture
    @override
    def encoder(self) -> FakeEncoder:
        return FakeEncoder()

    @pytest.fixture
    @override
    def summarise(self) -> Summarise:
        return read


def bytes_of_zero() -> memoryview:
    return memoryview(bytes(9 * 96 * 64 * 3))


class TestFakeWebm(TestFakeEncoder):
    output_format = WEBM
    fixed_rate = 48_000


class TestFakeGif(TestFakeEncoder):
    output_format = GIF
    fastest = 50


class TestFakePngSequence(TestFakeEncoder):
    output_format = PNG_SEQUENCE
    tells = ("width", "height", "a frame less", "a frame more")

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        return shape.resolution, shape.frames, None


class TestFakeWav(TestFakeEncoder):
    output_format = WAV
    tells = ("a frame less", "a frame more", "rate", "NTSC rate")
    told = "samples of sound instead of"

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        return None, None, None


class TestQueuedErrors:
    @pytest.fixture
    def encoder(self) -> FakeEncoder:
        return FakeEncoder()

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "clip.mp4"

    def test_a_queued_error_comes_once_and_leaves_no_file(self, encoder: FakeEncoder, target: Path) -> None:
        encoder.fail("encode", DiskFull("full"))

        with pytest.raises(DiskFull):
            encoder.encode(clip_of(geometry()), target, NO_DEADLINE)
        assert not target.exists()

        encoder.encode(clip_of(geometry()), target, NO_DEADLINE)
        assert encoder.calls == [("encode", "clip.mp4")] * 2

    @pytest.mark.parametrize("method", ["verify", "check", "encode_still"])
    def test_the_other_methods_fail_on_demand(self, encoder: FakeEncoder, target: Path, method: Method) -> None:
        encoder.encode(clip_of(geometry()), target, NO_DEADLINE)
        errors: list[WorkerError] = [EncodeFailed("first"), EncodeFailed("second")]
        encoder.fail(method, *errors)

        def call() -> None:
            if method == "check":
                encoder.check()
            elif method == "encode_still":
                pixels = bytes(96 * 64 * 3)
                still = Still(resolution=geometry().resolution, pixel_format="rgb24", pixels=pixels)
                encoder.encode_still(still, target.with_suffix(".jpg"))
            else:
                encoder.verify(target, geometry(), audio=False)

        for error in errors:
            with pytest.raises(EncodeFailed) as caught:
                call()
            assert caught.value is error
        call()

    def test_equal_frames_make_equal_files(self, encoder: FakeEncoder, tmp_path: Path) -> None:
        paths = [tmp_path / name for name in ("a", "b", "c")]
        for path, per_chunk in zip(paths, (1, 8, 8), strict=True):
            frames = grey_frames(geometry(), per_chunk=per_chunk)
            encoder.encode(clip_of(geometry(), frames if path.name != "c" else [bytes_of_zero()]), path, NO_DEADLINE)

        contents = [path.read_bytes() for path in paths]
        assert contents[0] == contents[1] != contents[2]
