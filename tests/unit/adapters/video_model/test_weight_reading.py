"""The weights are read from the start on, once, and by the one reading that the loading goes on with."""

import shutil
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import pytest
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.engine import load_engine
from adapters.video_model.diffusers.loading import load_components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.read_ahead import BlockReader, ReadAhead
from adapters.video_model.diffusers.weight_reading import WeightReading
from domain.errors import ModelUnavailable
from tests.support.tiny import tiny_config

BLOCK = 1 << 20


class Counting(BlockReader):
    """Counts how often each block is read."""

    def __init__(self) -> None:
        self.reads: Counter[tuple[Path, int]] = Counter()
        self.bytes = 0
        self._lock = threading.Lock()

    @override
    def read(self, file: Path, start: int, length: int) -> int:
        with self._lock:
            self.reads[file, start] += 1
            self.bytes += length
        return length


@pytest.fixture
def reader() -> Counting:
    return Counting()


@pytest.fixture
def config(hub_cache: Path, tmp_path: Path) -> ModelConfig:
    """A snapshot of its own."""
    shutil.copytree(locate(tiny_config(hub_cache)).path, tmp_path / "snapshot")
    return attrs.evolve(tiny_config(hub_cache), path=tmp_path / "snapshot")


def reading(config: ModelConfig, reader: Counting, window: int = 1 << 30) -> WeightReading:
    def read_ahead(groups: Mapping[str, Sequence[Path]]) -> ReadAhead:
        return ReadAhead(groups, window=window, block=BLOCK, reader=lambda: reader)

    return WeightReading(config, read_ahead)


def threads() -> int:
    return sum(thread.name == "read-ahead" for thread in threading.enumerate())


def test_every_byte_of_the_weights_is_read_once_before_and_while_they_are_loaded(
    config: ModelConfig, reader: Counting
) -> None:
    assert config.path is not None
    components = ["text_encoder", "connectors", "transformer", "latent_upsampler", "vae", "audio_vae", "vocoder"]
    with reading(config, reader) as begun:
        ahead = begun.of(config.path)
        assert ahead is not None
        for name in components:
            ahead.wait(name)  # else loading such small ones overtakes the reading, and what it has passed is skipped
        load_components(config.path, dtype="bfloat16", ahead=ahead)
    files = [file for name in components for file in (config.path / name).glob("*.safetensors")]
    assert len(files) == len(components)
    assert set(reader.reads.values()) == {1}
    assert reader.bytes == sum(file.stat().st_size for file in files)
    assert threads() == 0


def test_reading_goes_on_until_the_exit_and_no_longer(config: ModelConfig, reader: Counting) -> None:
    with reading(config, reader, window=0):
        assert threads() > 0  # they wait at the window's end
    assert threads() == 0


def test_whoever_loads_goes_on_with_it(config: ModelConfig, reader: Counting) -> None:
    assert config.path is not None
    with reading(config, reader) as begun:
        load_engine(config, begun)
        assert begun.of(config.path) is None  # it was given out
        assert threads() == 0


def test_it_is_handed_over_once_and_for_its_own_snapshot_only(config: ModelConfig, reader: Counting) -> None:
    assert config.path is not None
    with reading(config, reader) as begun:
        assert begun.of(config.path) is not None
        assert begun.of(config.path) is None
    with reading(config, reader) as begun:
        assert begun.of(config.path / "another") is None


def test_a_damaged_snapshot_is_left_to_the_checks(config: ModelConfig, reader: Counting) -> None:
    assert config.path is not None
    (config.path / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"cut off")
    with reading(config, reader) as begun:
        assert begun.of(config.path) is None
    assert reader.bytes == 0
    with pytest.raises(ModelUnavailable, match="damaged"):
        locate(config)


def test_a_built_in_checkpoint_that_is_not_there_is_not_built_for_it(tmp_path: Path, reader: Counting) -> None:
    with reading(tiny_config(tmp_path), reader):
        assert list(tmp_path.iterdir()) == []
    assert reader.bytes == 0


def test_a_built_in_checkpoint_that_is_there_is_read(hub_cache: Path, reader: Counting) -> None:
    snapshot = locate(tiny_config(hub_cache)).path
    with reading(tiny_config(hub_cache), reader) as begun:
        assert begun.of(snapshot) is not None


def test_the_test_card_has_nothing_to_read(config: ModelConfig, reader: Counting) -> None:
    with reading(attrs.evolve(config, backend="synthetic"), reader) as begun:
        assert begun.of(config.path or Path()) is None
    assert reader.bytes == 0
