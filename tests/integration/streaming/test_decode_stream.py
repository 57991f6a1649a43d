"""The decoder as a stream is the decoder: the same bits, each layer once, and nothing kept."""

import gc
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from adapters.video_model.diffusers.streaming.coverage import covers, expects
from adapters.video_model.diffusers.streaming.decoder import decode_stream
from adapters.video_model.snapshot import RepositoryCache
from adapters.video_model.tiny.checkpoint import ensure_tiny_checkpoint
from tests.support.decoders import FAMILIES, narrow_vae, noise
from tests.support.live_bytes import LiveBytes

LENGTHS = (1, 2, 3, 5, 16, 31)


def whole(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        picture: torch.Tensor = vae.decode(latents, None, return_dict=False)[0]
    return picture


def same_bits(vae: Any, latents: torch.Tensor, at_once: int = 1) -> bool:
    return torch.equal(torch.cat(list(decode_stream(vae.decoder, latents, at_once)), dim=2), whole(vae, latents))


@pytest.fixture(scope="module", params=FAMILIES)
def vae(request: pytest.FixtureRequest) -> Any:
    return narrow_vae(request.param)


@pytest.mark.parametrize("count", LENGTHS)
def test_every_familys_stream_is_the_whole_decode_to_the_bit(vae: Any, count: int) -> None:
    assert covers(vae)
    assert same_bits(vae, noise(vae, count))


@pytest.mark.parametrize(("count", "at_once"), [(5, 2), (5, 3), (7, 7), (3, 8), (16, 4)])
def test_it_does_not_matter_how_many_latents_come_at_once(vae: Any, count: int, at_once: int) -> None:
    assert same_bits(vae, noise(vae, count), at_once)


@pytest.mark.parametrize("name", ["builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5"])
def test_the_built_in_checkpoints_are_streamed_to_the_bit(hub_cache: Path, name: str) -> None:
    from diffusers import AutoencoderKLLTX2Video  # noqa: PLC0415 - seconds

    cache = RepositoryCache.of(hub_cache, name)
    ensure_tiny_checkpoint(name, cache)
    found = cache.resolve("main")
    assert found is not None
    vae = AutoencoderKLLTX2Video.from_pretrained(found.path, subfolder="vae", dtype=torch.bfloat16)
    assert covers(vae)
    assert all(same_bits(vae, noise(vae, count)) for count in LENGTHS)


@pytest.mark.parametrize(
    "changes",
    [
        {"upsample_residual": (True, False, True)},
        {"upsample_type": ("temporal", "spatial", "spatiotemporal")},
        {"upsample_type": ("spatial", "temporal", "temporal"), "upsample_residual": (True, True, True)},
        {
            "decoder_spatio_temporal_scaling": (True, False, True),
            "upsample_factor": (2, 1, 2),
            "decoder_block_out_channels": (16, 16, 32),
        },
        {"decoder_spatial_padding_mode": "zeros"},
        {"decoder_spatial_padding_mode": "replicate"},
        {"patch_size": 2},
        {"upsample_factor": (1, 4, 2)},
    ],
    ids=str,
)
def test_other_options_are_covered_too(changes: dict[str, Any]) -> None:
    vae = narrow_vae("ltx-2", **{"decoder_layers_per_block": (1, 2, 1, 1), **changes})
    assert covers(vae)
    assert all(same_bits(vae, noise(vae, count)) for count in (1, 2, 4))


def test_pieces_are_of_eight_frames_at_most_and_come_long_before_the_end(vae: Any) -> None:
    fed: list[int] = []
    stream = decode_stream(vae.decoder, noise(vae, 61), check=lambda: fed.append(0))
    sizes = [(piece.shape[2], len(fed)) for piece in stream]
    assert max(frames for frames, _ in sizes) == 8
    assert sum(frames for frames, _ in sizes) == 481
    assert sizes[0][1] <= 23
    assert len(fed) == 61


def test_each_layer_runs_once_for_each_of_its_frames(vae: Any) -> None:
    """No frame is computed twice: every convolution gives as many frames as in the whole decode."""
    given: Counter[str] = Counter()
    handles = [
        part.register_forward_hook(lambda _, __, out, name=name: given.update({name: out.shape[2]}))
        for name, part in vae.decoder.named_modules()
        if isinstance(part, torch.nn.Conv3d)
    ]
    latents = noise(vae, 9)
    whole(vae, latents)
    expected = Counter(given)
    given.clear()
    for _ in decode_stream(vae.decoder, latents):
        pass
    for handle in handles:
        handle.remove()
    assert len(expected) > 30
    assert given == expected


def test_a_stream_that_is_closed_early_keeps_nothing(vae: Any) -> None:
    latents = noise(vae, 31)
    live = LiveBytes(itertools.chain(vae.parameters(), vae.buffers(), [latents]))
    with live:
        stream = decode_stream(vae.decoder, latents)
        for _ in itertools.islice(stream, 3):
            pass
        assert live.now > 0
        gc.disable()
        try:
            stream.close()  # type: ignore[attr-defined]  # a generator
            del _
            assert live.now == 0
        finally:
            gc.enable()


def test_gradients_are_off_in_the_stream_only(vae: Any) -> None:
    for piece in decode_stream(vae.decoder, noise(vae, 3)):
        assert not piece.requires_grad
        assert torch.is_grad_enabled()


def test_what_the_check_raises_ends_the_stream(vae: Any) -> None:
    def check() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(decode_stream(vae.decoder, noise(vae, 3), check=check))


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder_causal": True},
        {"timestep_conditioning": True},
        {"decoder_inject_noise": (False, False, True, False)},
    ],
    ids=str,
)
def test_options_that_it_does_not_take_over_are_left_to_the_whole_decode(changes: dict[str, Any]) -> None:
    vae = narrow_vae("ltx-2", **changes)
    assert not covers(vae)
    assert not expects(vae.config, "bfloat16")


def test_a_decoder_in_float32_is_left_to_the_whole_decode() -> None:
    vae = narrow_vae("ltx-2.3", torch.float32)
    assert not covers(vae)
    assert not expects(vae.config, "float32")


def test_what_the_configuration_says_is_what_the_decoder_turns_out_to_be(vae: Any) -> None:
    assert expects(vae.config, "bfloat16")
    assert expects({**vae.config, "decoder_inject_noise": False}, "float16")
    assert not expects({**vae.config, "decoder_inject_noise": True}, "float16")
    assert not expects({**vae.config, "_class_name": "AutoencoderKLDiffusion"}, "bfloat16")
    assert not expects({}, "bfloat16")  # the class's own default is causal


def test_a_decoder_that_somebody_waits_for_is_left_to_the_whole_decode() -> None:
    vae = narrow_vae("ltx-2.3")
    handle = vae.decoder.up_blocks[1].register_forward_pre_hook(lambda *_: None)
    assert not covers(vae)
    handle.remove()
    assert covers(vae)
    vae.decoder.mid_block.forward = vae.decoder.mid_block.forward  # as group offload does
    assert not covers(vae)


def test_unknown_layers_are_left_to_the_whole_decode() -> None:
    class Other(torch.nn.SiLU):
        """Might look at other frames."""

    vae = narrow_vae("ltx-2.3")
    vae.decoder.conv_act = Other()
    assert not covers(vae)


def test_kernels_of_another_length_are_left_to_the_whole_decode() -> None:
    vae = narrow_vae("ltx-2.3")
    width = vae.decoder.conv_out.conv.in_channels
    vae.decoder.conv_out.conv = torch.nn.Conv3d(width, 48, (5, 3, 3), padding=(0, 1, 1)).to(torch.bfloat16)
    assert not covers(vae)


def test_norms_over_other_axes_are_left_to_the_whole_decode() -> None:
    vae = narrow_vae("ltx-2.3")
    vae.decoder.norm_out.channel_dim = 2
    assert not covers(vae)
