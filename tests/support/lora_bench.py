"""A tiny transformer with connectors and a shelf of adapters, and what they compute."""

from pathlib import Path
from typing import Any

import attrs
import torch
from diffusers import LTX2VideoTransformer3DModel
from diffusers.pipelines.ltx2 import LTX2TextConnectors
from typing_extensions import override

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.lora.shelf import LoraShelf
from tests.support.lora_files import Sizes, Tensors, linear_sizes, tensors_for, written


class CrampedTransformer(LTX2VideoTransformer3DModel):  # type: ignore[misc]  # diffusers has no types
    """Counts what it loads, and runs out of memory once an adapter is half in, if `room` says so."""

    room = True
    loads = 0

    @override
    def load_lora_adapter(self, *arguments: Any, **named: Any) -> None:
        self.loads += 1
        super().load_lora_adapter(*arguments, **named)
        if not self.room:
            raise torch.OutOfMemoryError


class CrampedConnectors(LTX2TextConnectors):  # type: ignore[misc]  # diffusers has no types
    """Runs out of memory once an adapter is half in, if `room` says so."""

    room = True

    @override
    def load_lora_adapter(self, *arguments: Any, **named: Any) -> None:
        super().load_lora_adapter(*arguments, **named)
        if not self.room:
            raise torch.OutOfMemoryError


@attrs.define
class Bench:
    """A transformer with connectors, a folder for files, and what they compute."""

    folder: Path
    transformer: Any
    connectors: Any
    shelf: LoraShelf
    sizes: Sizes

    @classmethod
    def of(cls, snapshot: Path, folder: Path, dtype: torch.dtype = torch.bfloat16, **bounds: int) -> "Bench":
        transformer = CrampedTransformer.from_pretrained(snapshot / "transformer", dtype=dtype)
        connectors = CrampedConnectors.from_pretrained(snapshot / "connectors", dtype=dtype)
        components = Components({"transformer": transformer, "connectors": connectors})
        return cls(folder, transformer, connectors, LoraShelf(components, **bounds), linear_sizes(transformer))

    def out(self) -> torch.Tensor:
        """Picture and sound that one forward gives, flattened."""
        generator = torch.Generator().manual_seed(0)

        def noise(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator).to(self.transformer.dtype)

        with torch.no_grad():
            both = self.transformer(
                hidden_states=noise(1, 8, 16),
                audio_hidden_states=noise(1, 10, 8),
                encoder_hidden_states=noise(1, 128, 32),
                audio_encoder_hidden_states=noise(1, 128, 16),
                timestep=torch.tensor([500.0]),
                sigma=torch.tensor([0.5]),
                num_frames=2,
                height=2,
                width=2,
                audio_num_frames=10,
                return_dict=False,
            )
        return torch.cat([part.flatten() for part in both])

    def text(self) -> torch.Tensor:
        """What the connectors make of a text."""
        states = torch.randn(1, 128, 32 * 3, generator=torch.Generator().manual_seed(0)).to(self.connectors.dtype)
        with torch.no_grad():
            video, audio, _ = self.connectors(states, torch.ones(1, 128, dtype=torch.long), padding_side="left")
        return torch.cat([video.flatten(), audio.flatten()])

    def file(self, name: str = "a", seed: int = 1, prefix: str = "transformer", **layers: Any) -> Path:
        return written(self.folder / f"{name}.safetensors", self.tensors(seed, prefix, **layers))

    def tensors(self, seed: int = 1, prefix: str = "transformer", **layers: Any) -> Tensors:
        return tensors_for(self.sizes, prefix, seed=seed, **layers)

    def with_loras(self, *pairs: tuple[Path, float]) -> torch.Tensor:
        with self.shelf.applied(pairs):
            return self.out()

    def peft_layers(self) -> int:
        modules = [*self.transformer.modules(), *self.connectors.modules()]
        return sum(type(module).__module__.startswith("peft") for module in modules)
