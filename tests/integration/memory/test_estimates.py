"""Counts again what the estimates rest on: the bytes of all tensors alive at once in the true architectures."""

import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from typing_extensions import override

from domain.activations import ModelDimensions, denoise_bytes, vae_bytes
from domain.geometry import ClipGeometry, FrameRate, Resolution

MODEL = ModelDimensions(layers=2)
NEWER = {
    "gated_attn": True,
    "cross_attn_mod": True,
    "audio_gated_attn": True,
    "audio_cross_attn_mod": True,
    "perturbed_attn": True,
    "use_prompt_embeddings": False,
}
"""What sets 2.3 and 2.5 apart from the class's defaults, which are 2.0's."""


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types here
    """Adds up the storages that operations create, until they are freed. Counts on the device "meta" too."""

    def __init__(self, known: Iterator[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types here
        self._known = {tensor.untyped_storage()._cdata for tensor in known}
        self._now = self.peak = 0

    @override
    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._note(leaf.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self._now += size
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._now -= size


@pytest.fixture
def fused_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    """On "meta" torch takes attention apart; a GPU's kernels keep no table of tokens by tokens."""

    def attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **_: object) -> torch.Tensor:
        return query.new_empty((*query.shape[:-1], value.shape[-1]))

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", attention)


def clip(width: int, height: int, frames: int) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(24)))


def peak(module: torch.nn.Module, call: Callable[[], object]) -> int:
    live = LiveBytes(iter([*module.parameters(), *module.buffers()]))
    with torch.no_grad(), live:
        call()
    return live.peak


def forward_peak(transformer: Any, canvas: ClipGeometry, *, rows: int, is_conditioned: bool) -> int:
    size = canvas.resolution
    tokens = ((canvas.frames - 1) // 8 + 1) * (size.height // 32) * (size.width // 32)
    sounds = round(canvas.frames / 24 * 25)
    widths = (3840, 3840) if transformer.config.use_prompt_embeddings else (4096, 2048)

    def empty(*shape: int) -> torch.Tensor:
        return torch.empty(shape, device="meta", dtype=torch.bfloat16)

    return peak(
        transformer,
        lambda: transformer(
            hidden_states=empty(rows, tokens, 128),
            audio_hidden_states=empty(rows, sounds, 128),
            encoder_hidden_states=empty(rows, 1024, widths[0]),
            audio_encoder_hidden_states=empty(rows, 1024, widths[1]),
            timestep=empty(rows, tokens) if is_conditioned else empty(rows),
            audio_timestep=empty(rows),
            sigma=empty(rows),
            encoder_attention_mask=empty(rows, 1024),
            audio_encoder_attention_mask=empty(rows, 1024),
            video_coords=torch.empty(rows, 3, tokens, 2, device="meta"),
            audio_coords=torch.empty(rows, 1, sounds, 2, device="meta"),
        ),
    )


@pytest.mark.parametrize("config", [{}, NEWER], ids=["2.0", "2.3"])
def test_the_transformer_needs_what_is_estimated_and_not_much_less(
    fused_attention: None, config: dict[str, bool]
) -> None:
    from diffusers import LTX2VideoTransformer3DModel  # noqa: PLC0415 - seconds

    with torch.device("meta"):
        transformer = LTX2VideoTransformer3DModel(num_layers=2, rope_type="split", **config)
    transformer.to(torch.bfloat16)
    for rows, is_conditioned in ((1, False), (1, True), (2, True)):
        canvas = clip(1280, 704, 121)
        counted = forward_peak(transformer, canvas, rows=rows, is_conditioned=is_conditioned)
        estimated = denoise_bytes(canvas, MODEL, rows=rows, is_conditioned=is_conditioned)
        assert counted < estimated < counted * 1.35, (rows, is_conditioned)


def test_the_vae_needs_what_is_estimated_and_not_much_less() -> None:
    from diffusers import AutoencoderKLLTX2Video  # noqa: PLC0415 - seconds

    with torch.device("meta"):
        vae = AutoencoderKLLTX2Video(decoder_causal=False, spatial_compression_ratio=32, temporal_compression_ratio=8)
    vae.to(torch.bfloat16)
    for width, height, frames in ((768, 512, 121), (512, 512, 9)):
        estimated = vae_bytes(width, height, frames, MODEL)
        latents = torch.empty(
            1, 128, (frames - 1) // 8 + 1, height // 32, width // 32, device="meta", dtype=torch.bfloat16
        )
        picture = torch.empty(1, 3, frames, height, width, device="meta", dtype=torch.bfloat16)
        for counted in (
            peak(vae, lambda latents=latents: vae.decode(latents, None)),  # type: ignore[misc]  # bound at once
            peak(vae, lambda picture=picture: vae.encode(picture)),  # type: ignore[misc]  # bound at once
        ):
            assert counted < estimated < counted * 1.35
