"""The first prompt is encoded as soon as the text side is there, while the transformer's files are read."""

import threading
from pathlib import Path

import attrs
import pytest
import torch
from typing_extensions import override

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.engine import load_engine
from adapters.video_model.diffusers.inventory import parts
from adapters.video_model.diffusers.loading import load_components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.read_ahead import BlockReader, ReadAhead
from adapters.video_model.diffusers.text.cache import EmbeddingCache, TextKey
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.video_model import DiffusersModel
from application.warm_up import WarmUp
from domain.memory import MemoryPolicy
from tests.support.text import RecordingResidency
from tests.support.tiny import tiny_config

NAME = "builtin/tiny-2.5"


class Seen(BlockReader):
    """Knows which components' files were read."""

    def __init__(self) -> None:
        self.folders: set[str] = set()
        self.changed = threading.Condition()

    @override
    def read(self, file: Path, start: int, length: int) -> int:
        with self.changed:
            self.folders.add(file.parent.name)
            self.changed.notify_all()
        return length


def test_the_text_side_is_there_and_the_transformer_is_read_before_it_is_loaded(hub_cache: Path) -> None:
    snapshot, seen = locate(tiny_config(hub_cache, NAME)).path, Seen()
    groups = {part.name: part.weights for part in parts(snapshot, enhancer=False)}
    told: list[set[str]] = []

    def text_ready(text_side: Components) -> None:
        told.append(set(text_side.by_name))
        with seen.changed:
            assert seen.changed.wait_for(lambda: "transformer" in seen.folders, 5)

    ahead = ReadAhead(groups, window=0, reader=lambda: seen)
    load_components(snapshot, dtype="float32", ahead=ahead, text_ready=text_ready)
    assert told == [{"scheduler", "tokenizer", "processor", "text_encoder", "connectors", "duration_head"}]


def test_what_was_encoded_then_is_what_would_be_encoded_later(hub_cache: Path) -> None:
    engine = load_engine(tiny_config(hub_cache, NAME))
    family = engine.profile.checkpoint.family.name
    early = engine.texts.get(TextKey(text="warm-up", family=family))
    later = PromptEncoder(engine.components, RecordingResidency(), "cpu", EmbeddingCache(0), family).encode("warm-up")
    assert early is not None
    for name in ("video", "audio", "mask"):
        assert torch.equal(getattr(early, name), getattr(later, name))


def test_the_warm_up_encodes_nothing_again(hub_cache: Path) -> None:
    engine = load_engine(tiny_config(hub_cache))
    calls: list[object] = []
    model = DiffusersModel(engine.config, lambda _: engine)
    encoder, transformer = (engine.components.modules[name] for name in ("text_encoder", "transformer"))
    encoder.register_forward_pre_hook(lambda *_: calls.append("text"))
    transformer.register_forward_pre_hook(lambda *_: calls.append("denoise"))
    WarmUp(model)()
    assert "denoise" in calls
    # The negative prompt of the guided default recipe, for both clips together.
    assert calls.count("text") == 1


@pytest.mark.parametrize("policy", ["text_offload", "model_offload", "leaf_offload"])
def test_where_the_text_encoder_stays_on_the_host_nothing_is_encoded_early(
    hub_cache: Path, policy: MemoryPolicy
) -> None:
    engine = load_engine(attrs.evolve(tiny_config(hub_cache), memory_policy=policy))
    assert engine.texts.nbytes == 0
