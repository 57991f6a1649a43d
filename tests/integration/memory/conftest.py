"""Components of the tiny checkpoint, and clips made with them."""

import copy
from pathlib import Path

import pytest
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.snapshot import RepositoryCache
from adapters.video_model.tiny.checkpoint import ensure_tiny_checkpoint


@pytest.fixture(scope="session")
def snapshot(hub_cache: Path) -> Path:
    name = "builtin/tiny"
    cache = RepositoryCache.of(hub_cache, name)
    ensure_tiny_checkpoint(name, cache)
    found = cache.resolve("main")
    assert found is not None
    return found.path


@pytest.fixture(scope="session")
def pristine(snapshot: Path) -> Components:
    """Never to be changed: every test gets a copy."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - seconds

    pipeline = LTX2Pipeline.from_pretrained(snapshot, dtype=torch.bfloat16, local_files_only=True)
    return Components({name: part for name, part in pipeline.components.items() if part is not None})


@pytest.fixture
def components(pristine: Components) -> Components:
    return Components(copy.deepcopy(dict(pristine.by_name)))


def latents_of(components: Components, residency: Residency) -> torch.Tensor:
    """A forward of the text encoder and one of the transformer on what it gave: bits that depend on all their weights.

    As a pipeline would call them, but without its steps and decodes: each takes milliseconds.
    """
    text_encoder, transformer = components.by_name["text_encoder"], components.by_name["transformer"]
    noise = torch.Generator().manual_seed(1)
    width = transformer.config.caption_channels
    with torch.no_grad():
        with residency.using("text_encoder"):
            words = text_encoder(input_ids=torch.arange(8, 24).reshape(1, -1), output_hidden_states=True)
        text = words.hidden_states[-1][..., :width]
        with residency.using("transformer"):
            picture, sound = transformer(
                hidden_states=torch.randn(1, 8, transformer.config.in_channels, generator=noise).bfloat16(),
                audio_hidden_states=torch.randn(1, 9, transformer.config.audio_in_channels, generator=noise).bfloat16(),
                encoder_hidden_states=text,
                audio_encoder_hidden_states=text,
                timestep=torch.tensor([500.0]),
                num_frames=2,
                height=2,
                width=2,
                fps=24.0,
                audio_num_frames=9,
                return_dict=False,
            )
    return torch.cat([words.hidden_states[-1].flatten(), picture.flatten(), sound.flatten()])
