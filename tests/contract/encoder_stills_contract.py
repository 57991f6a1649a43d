"""What every Encoder keeps of single frames. A subclass gives the fixture `encoder`."""

import hashlib
from pathlib import Path

import pytest

from application.ports.encoder import Encoder
from domain.clip import PixelFormat, Still
from domain.errors import EncodeFailed
from tests.contract.encoder_bench import EncoderBench
from tests.support.clips import geometry, grey_frames


class EncoderStillsContract(EncoderBench):
    @pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
    def test_a_still_is_written_and_described(
        self, encoder: Encoder, tmp_path: Path, pixel_format: PixelFormat
    ) -> None:
        shape, target = geometry(70, 66, frames=1), tmp_path / "poster.jpg"
        pixels = bytes(next(grey_frames(shape, pixel_format)))

        picture = encoder.encode_still(
            Still(resolution=shape.resolution, pixel_format=pixel_format, pixels=pixels), target
        )

        content = target.read_bytes()
        assert (picture.size, picture.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert picture.content_type == "image/jpeg"

    @pytest.mark.parametrize("size", [0, 96 * 64 * 3 - 1, 96 * 64 * 3 // 2])
    def test_a_still_that_is_no_frame_is_refused(self, encoder: Encoder, tmp_path: Path, size: int) -> None:
        still = Still(resolution=geometry().resolution, pixel_format="rgb24", pixels=bytes(size))

        with pytest.raises(EncodeFailed, match=f"{size} bytes"):
            encoder.encode_still(still, tmp_path / "poster.jpg")

        assert list(tmp_path.iterdir()) == []

    def test_a_still_without_a_folder_is_no_internal_error(self, encoder: Encoder, tmp_path: Path) -> None:
        still = Still(resolution=geometry().resolution, pixel_format="rgb24", pixels=bytes(96 * 64 * 3))

        with pytest.raises(EncodeFailed) as caught:
            encoder.encode_still(still, tmp_path / "nowhere" / "poster.jpg")

        assert "nowhere" not in caught.value.message
