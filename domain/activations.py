"""What the working tensors of a generation take of a device's memory, beside the weights.

Nothing here was measured on a GPU. The coefficients are counts: the true architectures of diffusers 0.42.1 were run
without memory (device "meta", bfloat16, fused attention) and the bytes of all tensors alive at once were added up;
`tests/integration/memory/test_estimates.py` counts again. What a GPU adds (the allocator's fragmentation, the
libraries' workspaces) is in the margins named below. Calibration belongs here: replace a count by a measured peak,
and name the device and the clip.
"""

from typing import Final

import attrs

from domain.geometry import ClipGeometry
from domain.grid import audio_latents

LATENT_SIDE: Final = 32
"""Pixels a latent spans in width and height (every LTX-2 family)."""
LATENT_FRAMES: Final = 8
"""Frames a latent spans; the first frame has one of its own."""

_MIB: Final = 1 << 20
WORKSPACE_BYTES: Final = 1024 * _MIB
"""cuBLAS' and cuDNN's scratch memory, and blocks that the caching allocator cannot join. Reckoned, not counted."""

TEXT_BYTES: Final = 2048 * _MIB
"""One encoding of a prompt and a negative prompt of 1024 tokens: 49 hidden states of 3840 in bfloat16 are 385 MB,
each once in the list and once stacked, and the logits of 262,208 words are 537 MB."""

_WIDTHS_SHARED: Final = 20
"""Values per token in units of the hidden width: counted 18.0 (18.1 for 2.3) and a tenth for fragmentation. The peak
is in the feed-forward: its fourfold inner layer before and after the activation (8), residual, norm and its
modulation, and the rotary tables in float32 (3 widths of bfloat16, x2 while they are joined)."""

_WIDTHS_PER_TOKEN: Final = 52
"""As above, where each token has a timestep of its own (a picture or a clip is held): counted 47.0 for 2.3 (41.0 for
2.0), and a tenth. The modulation is then a tensor per token: 9 widths kept and 9 within a block, 5 and 5 more for the
attention between picture and sound."""

VAE_VALUES_PER_PIXEL: Final = 48
"""Values alive per pixel of a clip that the video VAE decodes or encodes whole: counted 42.5 (2.0), 36.3 (2.3) and
43.3 (encoder) at 121 frames, 47.9 at 9 frames. The last stage has 8 values per pixel, five to six times over: the
residual, the norm, the padded copy, and a convolution's input and output. For the picture of 1920x1088x121 that is
20 GiB in bfloat16, and vLLM-Omni reports a peak of 87 GiB with 66 GiB of weights (its PR 6540)."""

STREAM_VALUES_PER_PIXEL: Final = 1100
"""Values alive per pixel of one frame while the video VAE decodes a clip as a stream, a latent at a time: counted 939
(2.0) and 984 (2.3) at 481 frames, 906 and 978 at 121, and a tenth, for what a stream keeps lies scattered among what
it frees. A whole decode of 23 frames takes as much."""

PICTURE_VALUES: Final = 3
"""Values per pixel of the decoded picture."""


@attrs.frozen(kw_only=True)
class ModelDimensions:
    """The transformer's measures that memory depends on; the defaults are every released LTX-2's."""

    video_width: int = 4096
    """32 heads of 128."""
    audio_width: int = 2048
    """32 heads of 64."""
    layers: int = 48
    value_bytes: int = 2
    """Of one number in the dtype that is computed in: bfloat16."""
    streams: bool = False
    """Whether the video VAE can decode a clip as a stream."""


def latent_frames(frames: int) -> int:
    """Latents in time of `frames` = 8k+1; a count off the grid is rounded up."""
    return -(-(frames - 1) // LATENT_FRAMES) + 1


def latent_side(pixels: int) -> int:
    """Latents along a side; a side off the grid is rounded up."""
    return -(-pixels // LATENT_SIDE)


def denoise_bytes(
    canvas: ClipGeometry, model: ModelDimensions, *, rows: int, is_conditioned: bool, appended_latents: int = 0
) -> int:
    """Working memory of one forward pass of the transformer.

    Args:
        canvas: the grid point that is generated.
        model: widths and value size.
        rows: items of the batch: 1, or 2 with classifier-free guidance.
        is_conditioned: whether tokens have timesteps of their own, as with a held picture or clip.
        appended_latents: latent frames whose tokens are given to the transformer beside the canvas' own.
    """
    size = canvas.resolution
    frames = latent_frames(canvas.frames) + appended_latents
    video = frames * latent_side(size.height) * latent_side(size.width)
    audio = audio_latents(canvas.frames, canvas)
    values = video * model.video_width + audio * model.audio_width
    widths = _WIDTHS_PER_TOKEN if is_conditioned else _WIDTHS_SHARED
    return rows * widths * values * model.value_bytes


def vae_bytes(width: int, height: int, frames: int, model: ModelDimensions) -> int:
    """Working memory in which the video VAE decodes or encodes so many pixels at once, its result included."""
    return width * height * frames * VAE_VALUES_PER_PIXEL * model.value_bytes


def stream_bytes(width: int, height: int, model: ModelDimensions) -> int:
    """A bound of the working memory in which the video VAE decodes frames of this size as a stream, however many."""
    return width * height * STREAM_VALUES_PER_PIXEL * model.value_bytes
