"""Where the weights stay between jobs."""

from pathlib import Path

import pytest

from adapters.video_model.diffusers.placement import fits, home_of, weight_bytes
from tests.support.tiny import tiny_model

GIB = 1 << 30


@pytest.mark.parametrize(
    ("weights", "free", "resident"),
    [(62 * GIB, 79 * GIB, True), (62 * GIB, 47 * GIB, False), (62 * GIB, 70 * GIB, True), (62 * GIB, 69 * GIB, False)],
)
def test_weights_stay_on_the_device_where_there_is_room_for_a_clip_too(weights: int, free: int, resident: bool) -> None:
    assert fits(weights, free) is resident


def test_weights_are_counted_once(hub_cache: Path) -> None:
    components = tiny_model(hub_cache)._ready().components
    files = sum(file.stat().st_size for file in hub_cache.glob("models--builtin--tiny/snapshots/*/*/*.safetensors"))
    assert weight_bytes(components) == pytest.approx(files, rel=0.05)
    assert home_of(components, "cpu") == "cpu"
