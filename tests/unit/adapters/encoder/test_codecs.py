"""Whether codecs take their settings is seen before a clip is made."""

import av
import pytest

from adapters.encoder.codecs import CodecPair


@pytest.mark.parametrize(
    ("picture", "sound"), [({"preset": "none"}, {}), ({}, {"aac_coder": "bogus"})], ids=["picture", "sound"]
)
def test_a_setting_that_a_codec_does_not_know_is_told(picture: dict[str, str], sound: dict[str, str]) -> None:
    pair = CodecPair(
        picture="libx264", options=picture, sound="aac", sample_format="fltp", bit_rate=192_000, sound_options=sound
    )
    with pytest.raises(av.FFmpegError):
        pair.open()


def test_settings_that_both_know_are_taken() -> None:
    CodecPair(
        picture="libx264",
        options={"preset": "fast"},
        sound="aac",
        sample_format="fltp",
        bit_rate=192_000,
        sound_options={"aac_coder": "fast"},
    ).open()
