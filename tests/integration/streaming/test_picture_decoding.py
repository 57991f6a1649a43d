"""In which way a clip's pictures are decoded, and what is left when memory runs out."""

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.picture_decoding import PictureDecoder
from domain.activations import ModelDimensions, stream_bytes, vae_bytes
from domain.errors import DeadlineExceeded, OutOfMemory
from domain.geometry import ClipGeometry, FrameRate, Resolution
from tests.integration.memory.device_memory import DEVICE, DeviceMemory
from tests.support.decoders import narrow_vae, noise

MODEL = ModelDimensions()
WIDTH, HEIGHT, FRAMES = 512, 64, 97


@pytest.fixture(scope="module")
def pristine() -> Any:
    return narrow_vae("ltx-2.3", decoder_layers_per_block=(1, 1, 1, 1, 1))


@pytest.fixture
def vae(pristine: Any) -> Any:
    return copy.deepcopy(pristine)


@pytest.fixture
def memory() -> DeviceMemory:
    return DeviceMemory()


@pytest.fixture
def residency(vae: Any, memory: DeviceMemory) -> Residency:
    residency = Residency(Components({"vae": vae}), "model_offload", DEVICE, by=memory)
    residency.settle()
    return residency


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def make(vae: Any, residency: Residency, warnings: list[str]) -> Callable[..., PictureDecoder]:
    def made(free: int | None = None, check: Callable[[], None] = lambda: None) -> PictureDecoder:
        return PictureDecoder(
            components=Components({"vae": vae}),
            residency=residency,
            measures=MODEL,
            made=ClipGeometry(Resolution(WIDTH, HEIGHT), FRAMES, FrameRate(Fraction(24))),
            check=check,
            warn=warnings.append,
            room=lambda: free,
        )

    return made


def latents(vae: Any) -> torch.Tensor:
    return noise(vae, (FRAMES - 1) // 8 + 1, HEIGHT // 32, WIDTH // 32)


def whole(vae: Any) -> torch.Tensor:
    with torch.no_grad():
        picture: torch.Tensor = vae.decode(latents(vae), None, return_dict=False)[0][0]
    return picture


def fail_at(layer: torch.nn.Module, call: int) -> None:
    """The layer's `call`-th forward, counted from 1, finds no memory; the others pass."""
    calls: list[None] = []

    def fail(*_: object) -> None:
        calls.append(None)
        if len(calls) == call:
            message = "CUDA out of memory. Tried to allocate 20.00 MiB"
            raise torch.OutOfMemoryError(message)

    layer.register_forward_pre_hook(fail)


@pytest.mark.parametrize("free", [None, stream_bytes(WIDTH, HEIGHT, MODEL)])
def test_a_clip_is_streamed_where_a_stream_fits(make: Any, vae: Any, warnings: list[str], free: int | None) -> None:
    assert stream_bytes(WIDTH, HEIGHT, MODEL) < vae_bytes(WIDTH, HEIGHT, FRAMES, MODEL) / 4
    pieces = list(make(free).pieces(latents(vae)))
    assert len(pieces) > FRAMES / 8
    assert torch.equal(torch.cat(pieces, dim=1), whole(vae))
    assert warnings == []


def test_where_not_even_a_stream_fits_tiles_are_left(make: Any, vae: Any, warnings: list[str]) -> None:
    [video] = make(stream_bytes(WIDTH, HEIGHT, MODEL) - 1).pieces(latents(vae))
    assert video.shape == (3, FRAMES, HEIGHT, WIDTH)
    assert not torch.equal(video, whole(vae))
    assert [warning for warning in warnings if "in tiles" in warning] == warnings != []


def test_what_a_stream_does_not_cover_is_decoded_whole(make: Any, vae: Any, warnings: list[str]) -> None:
    vae.decoder.register_forward_pre_hook(lambda *_: None)
    [video] = make().pieces(latents(vae))
    assert torch.equal(video, whole(vae))
    assert warnings == []


def test_a_stream_that_runs_out_of_memory_at_first_is_decoded_in_tiles(
    make: Any, vae: Any, warnings: list[str]
) -> None:
    fail_at(vae.decoder.conv_out.conv, 1)
    [video] = make().pieces(latents(vae))
    assert video.shape == (3, FRAMES, HEIGHT, WIDTH)
    assert warnings == [
        "memory ran out while the frames were decoded; they were decoded in tiles",
        "the frames were decoded in tiles, for want of memory; seams may show",
    ]


def test_a_stream_that_runs_out_of_memory_later_fails(make: Any, vae: Any, memory: DeviceMemory) -> None:
    """Frames were handed out already, and those of tiles would not go on from them."""
    fail_at(vae.decoder.conv_out.conv, 3)
    pieces = make().pieces(latents(vae))
    next(pieces)
    with pytest.raises(OutOfMemory):
        list(pieces)
    assert memory.place(vae) == {"host"}
    assert memory.bytes == 0


def test_the_weights_are_on_the_device_until_the_last_piece(make: Any, vae: Any, memory: DeviceMemory) -> None:
    pieces = make().pieces(latents(vae))
    assert memory.place(vae) == {"host"}
    for _ in pieces:
        assert memory.place(vae) == {"device"}
    assert memory.place(vae) == {"host"}
    assert memory.bytes == 0


def test_a_stream_that_is_closed_gives_the_device_back(make: Any, vae: Any, memory: DeviceMemory) -> None:
    pieces = make().pieces(latents(vae))
    next(pieces)
    pieces.close()
    assert memory.place(vae) == {"host"}
    assert memory.bytes == 0


def test_a_job_may_end_before_each_latent(make: Any, vae: Any, memory: DeviceMemory) -> None:
    checks: list[None] = []

    def check() -> None:
        checks.append(None)
        if len(checks) == 2:
            message = "too late"
            raise DeadlineExceeded(message)

    with pytest.raises(DeadlineExceeded):
        list(make(check=check).pieces(latents(vae)))
    assert memory.place(vae) == {"host"}
