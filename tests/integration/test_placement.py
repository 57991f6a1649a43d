"""Where the weights stay between jobs."""

from pathlib import Path

import pytest

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.location import COMPONENTS, locate
from adapters.video_model.diffusers.placement import MemoryPolicy, expected_bytes, loaded_bytes, memory_policy
from adapters.video_model.diffusers.preflight import check_memory
from domain.errors import OutOfMemory
from tests.support.tiny import tiny_config, tiny_model

GIB = 1 << 30
REAL = {"transformer": 35 * GIB, "text_encoder": 23 * GIB, "vae": 3 * GIB}


@pytest.mark.parametrize(
    ("free", "policy"),
    [(79, "resident"), (69, "resident"), (68, "model offload"), (47, "model offload"), (43, "model offload")],
)
def test_weights_stay_where_there_is_room_for_them_and_a_clip(free: int, policy: MemoryPolicy) -> None:
    assert memory_policy(REAL, free * GIB) == policy


def test_a_gpu_that_cannot_hold_the_largest_component_is_refused_with_the_figures() -> None:
    with pytest.raises(OutOfMemory, match=r"has 23 GiB free; the transformer alone needs 35 GiB, and 8 GiB"):
        memory_policy(REAL, 23 * GIB)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_sizes_that_are_expected_are_those_in_memory_whatever_is_stored(hub_cache: Path, dtype: DataType) -> None:
    expected = expected_bytes(locate(tiny_config(hub_cache)).path, dtype)
    loaded = loaded_bytes(tiny_model(hub_cache, dtype=dtype)._ready().components)
    assert set(expected) == set(loaded) == set(COMPONENTS) - {"scheduler", "tokenizer"}
    assert sum(loaded.values()) == pytest.approx(sum(expected.values()), rel=0.05)


def test_the_preflight_tells_the_weights(hub_cache: Path, tmp_path: Path) -> None:
    assert check_memory(tiny_config(hub_cache)) == "0.0 GiB of weights in the host's memory"
