"""Where a checkpoint's weights are kept, what a clip then needs of memory, and the largest clip that fits."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal, get_args

import attrs

from domain.activations import TEXT_BYTES, WORKSPACE_BYTES, ModelDimensions, denoise_bytes, stream_bytes, vae_bytes
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.grid import Grid, interpolated
from domain.tiling import lean_decode_bytes

MemoryPolicy = Literal["resident", "text_offload", "model_offload", "fp8", "group_offload", "leaf_offload"]
"""Where the weights are kept between and during jobs."""

POLICIES: Final[tuple[MemoryPolicy, ...]] = get_args(MemoryPolicy)
"""From the fastest to the leanest. All but `fp8` give the same clip to the bit."""

LEANER: Final[Mapping[MemoryPolicy, MemoryPolicy | None]] = {
    "resident": "model_offload",
    "text_offload": "model_offload",
    "model_offload": "group_offload",
    "fp8": "group_offload",
    "group_offload": "leaf_offload",
    "leaf_offload": None,
}
"""The policy that one job may be lowered to. Never fp8: a cast cannot be undone for the next job. What is stored in
fp8 already stays so, and the groups of `group_offload` are then fp8 too."""

TEXT_SIDE: Final = frozenset({"text_encoder", "connectors", "prompt_enhancer", "duration_head"})
"""What works on the prompt only, and is not needed where the encoded text is known."""

SLICED: Final = frozenset({"transformer", "text_encoder", "connectors", "prompt_enhancer"})
"""What group and leaf offload bring to the device piece by piece; every other component comes whole, for its use."""

Phase = Literal["enhance", "text", "duration", "denoise", "decode", "sound", "upsample", "interpolate"]
PHASES: Final[Mapping[Phase, tuple[str, ...]]] = {
    "enhance": ("prompt_enhancer",),
    "text": ("text_encoder", "connectors"),
    "duration": ("duration_head",),
    "denoise": ("transformer", "vae", "audio_vae"),
    "decode": ("vae",),
    "sound": ("audio_vae", "vocoder"),
    "upsample": ("latent_upsampler", "transformer", "vae"),
    "interpolate": ("temporal_upsampler",),
}
"""The components that each part of a job uses together; the estimate holds where no part uses more at once."""

_FP8_BYTES: Final = 1.02
"""Bytes a number takes in fp8 storage: 0.51 of bfloat16's size, measured; norms and embeddings keep their dtype."""
_BLOCKS_AT_ONCE: Final = 3
"""The block that works, the next one on its way, and the last one until its stream has let go of it."""
_OUTSIDE_BLOCKS: Final = 0.05
"""Share of the transformer that belongs to no block and comes with each forward: 2 % by the shapes of 2.0 to 2.5."""
_LEAVES: Final = {"text_encoder": 0.2, "prompt_enhancer": 0.2, "connectors": 0.5}
"""Shares of the text side that its largest leaves make up, with the next one on its way. Gemma 3's table of words is
8 %, and is needed at both ends; the projections from all hidden states are 1.5 and 0.8 GB of the connectors' 6.3."""
_PINNED: Final = 1.15
"""Pinned blocks are rounded up to powers of two (torch's host allocator): Gemma's 3840 x 15360 to 1.14 of its size,
the transformer's layers not at all."""


def leanest(*policies: MemoryPolicy) -> MemoryPolicy:
    """The last of `policies` in the order of POLICIES."""
    return max(policies, key=POLICIES.index)


def leaner_than(policy: MemoryPolicy) -> tuple[MemoryPolicy, ...]:
    """Every policy that a job may be lowered to from `policy`."""
    return tuple(lower for lower in POLICIES[POLICIES.index(policy) + 1 :] if lower != "fp8")


def cast_to_fp8(weights: Mapping[str, int], value_bytes: int) -> dict[str, int]:
    """Component sizes once the transformer is stored in fp8; `value_bytes` is the size of one number before."""
    cast = int(weights.get("transformer", 0) / value_bytes * _FP8_BYTES)
    return {name: cast if name == "transformer" else size for name, size in weights.items()}


def device_weights(weights: Mapping[str, int], policy: MemoryPolicy, used: Collection[str], layers: int) -> int:
    """Bytes of weights on the device while the components `used` work.

    `weights` are sizes as stored. Under fp8 the transformer leaves while a part of the text side works: the two
    together are larger than what `model_offload` needs.
    """
    on_device = {name for name in weights if name in used or stays(policy, name, used)}
    return sum(_at_once(name, weights[name], policy, layers) for name in on_device)


def host_weights(weights: Mapping[str, int], policy: MemoryPolicy) -> int:
    """Bytes of weights in the host's memory, where they stay also while a copy is on the device."""
    if policy in ("group_offload", "leaf_offload"):
        return sum(int(size * _PINNED) if name in SLICED else size for name, size in weights.items())
    return sum(size for name, size in weights.items() if keeps_on_host(policy, name))


def keeps_on_host(policy: MemoryPolicy, name: str) -> bool:
    """Whether the component has its home in the host's memory."""
    if policy == "resident":
        return False
    if policy == "text_offload":
        return name in TEXT_SIDE
    if policy == "fp8":
        return name in TEXT_SIDE or name == "transformer"
    return True


def stays(policy: MemoryPolicy, name: str, used: Collection[str] = ()) -> bool:
    """Whether the component is on the device although nobody uses it, while the components `used` work."""
    if policy == "fp8" and name == "transformer":
        return TEXT_SIDE.isdisjoint(used)
    return not keeps_on_host(policy, name)


def _at_once(name: str, size: int, policy: MemoryPolicy, layers: int) -> int:
    if name not in SLICED or policy not in ("group_offload", "leaf_offload"):
        return size
    if name in _LEAVES:
        return int(size * _LEAVES[name])
    blocks = _BLOCKS_AT_ONCE if policy == "group_offload" else 1  # three largest leaves: half a block, 2.0's shapes
    return int(size * min(1.0, _OUTSIDE_BLOCKS + blocks / layers))


@attrs.frozen(kw_only=True)
class MemoryBudget:
    """What a device, a host and a checkpoint allow. Estimates: see `domain.activations` on what they rest on.

    `weights` are component sizes in bytes before any cast; `value_bytes` of `dimensions` is their dtype's size.
    """

    device_bytes: int
    """Free on the device before the weights are loaded."""
    host_bytes: int | None
    """Free on the host before the weights are loaded; None: unknown, taken as enough."""
    weights: Mapping[str, int]
    policy: MemoryPolicy
    """The policy that the checkpoint is held under, from which a job may be lowered."""
    dimensions: ModelDimensions = ModelDimensions()
    policies: Collection[MemoryPolicy] = POLICIES
    """Those that go with the worker's other settings."""

    def needed(
        self,
        canvas: ClipGeometry,
        policy: MemoryPolicy,
        *,
        rows: int,
        tiled: bool,
        condition_frames: int = 1,
        appended_latents: int = 0,
        lora_bytes: int = 0,
        temporal_rounds: int = 0,
    ) -> int:
        """Bytes of the device that a job needs at its peak. Never falls when the clip, the rows or the frames grow.

        Args:
            canvas: the grid point that is generated.
            policy: where the weights are kept during the job.
            rows: items of the transformer's batch: 2 with classifier-free guidance.
            tiled: whether the decode may be cut into tiles; with the leanest cut then.
            condition_frames: frames that are held and encoded, in one piece: 0 for text alone, 1 for a picture.
            appended_latents: latent frames beside the canvas' own: 1 for a picture that is not the first frame.
            lora_bytes: adapters beside the transformer's weights while it works.
            temporal_rounds: how often the frames are doubled in latents before they are decoded.
        """
        model, size = self.dimensions, canvas.resolution
        encode = vae_bytes(size.width, size.height, condition_frames, model)
        denoise = denoise_bytes(
            canvas, model, rows=rows, is_conditioned=condition_frames > 0, appended_latents=appended_latents
        )
        working: dict[Phase, int] = {
            "enhance": TEXT_BYTES if "prompt_enhancer" in self.weights else 0,
            "text": TEXT_BYTES,
            "denoise": max(encode, denoise) + lora_bytes,
            "decode": _decode_bytes(interpolated(canvas, temporal_rounds), model, tiled=tiled),
        }
        stored = self._stored(policy)
        peaks = (
            device_weights(stored, policy, PHASES[phase], model.layers) + working.get(phase, 0) for phase in PHASES
        )
        return max(peaks) + WORKSPACE_BYTES

    def policy_for(
        self,
        canvas: ClipGeometry,
        *,
        rows: int,
        condition_frames: int = 1,
        appended_latents: int = 0,
        lora_bytes: int = 0,
        temporal_rounds: int = 0,
    ) -> MemoryPolicy | None:
        """The checkpoint's policy, or the first that this job may be lowered to under which it fits; None: none."""
        reachable: MemoryPolicy | None = self.policy
        while reachable is not None:
            needed = self.needed(
                canvas,
                reachable,
                rows=rows,
                tiled=True,
                condition_frames=condition_frames,
                appended_latents=appended_latents,
                lora_bytes=lora_bytes,
                temporal_rounds=temporal_rounds,
            )
            if needed <= self.device_bytes:
                return reachable
            reachable = self.leaner(reachable)
        return None

    def fits(self, canvas: ClipGeometry, *, rows: int, condition_frames: int = 1) -> bool:
        """Whether a job can run at all: under the leanest policy that the host has memory for, and with tiles."""
        return self.policy_for(canvas, rows=rows, condition_frames=condition_frames) is not None

    def leaner(self, policy: MemoryPolicy) -> MemoryPolicy | None:
        """The next policy of `LEANER` that is among `policies` and whose weights the host's memory can hold."""
        lower = LEANER[policy]
        while lower is not None and not self._is_possible(lower):
            lower = LEANER[lower]
        return lower

    def _is_possible(self, policy: MemoryPolicy) -> bool:
        fits_host = self.host_bytes is None or host_weights(self._stored(policy), policy) <= self.host_bytes
        return policy in self.policies and fits_host

    def _stored(self, policy: MemoryPolicy) -> Mapping[str, int]:
        is_cast = "fp8" in (policy, self.policy)
        return cast_to_fp8(self.weights, self.dimensions.value_bytes) if is_cast else self.weights


def largest_that(fits: Callable[[ClipGeometry], bool], asked: ClipGeometry, grid: Grid) -> ClipGeometry | None:
    """The clip of the asked shape that `fits` and is nearest to `asked`; None: not even the smallest does.

    `asked` itself if it fits; else a smaller size at the same frames, its longer side on the grid and the other
    in proportion, rounded down to the grid; only where the smallest size does not fit, fewer frames.
    """
    return next((smaller for smaller in _smaller(asked, grid) if fits(smaller)), None)


def _smaller(asked: ClipGeometry, grid: Grid) -> list[ClipGeometry]:
    """`asked`, then ever smaller sizes of its shape, then ever fewer frames of the smallest size."""
    size, least = asked.resolution, grid.side_up(MIN_SIDE)
    longer = max(size.width, size.height)
    sizes = [
        Resolution(
            max(least, side * size.width // longer // grid.spatial * grid.spatial),
            max(least, side * size.height // longer // grid.spatial * grid.spatial),
        )
        for side in range((longer - 1) // grid.spatial * grid.spatial, least - 1, -grid.spatial)
    ]
    smallest = sizes[-1] if sizes else size
    frames = range(grid.frames_up(asked.frames) - grid.temporal, 0, -grid.temporal)
    return [
        asked,
        *(attrs.evolve(asked, resolution=smaller) for smaller in sizes),
        *(attrs.evolve(asked, resolution=smallest, frames=fewer) for fewer in frames),
    ]


def _decode_bytes(canvas: ClipGeometry, model: ModelDimensions, *, tiled: bool) -> int:
    """The least that a decode can do with; in tiles, where it may be cut."""
    size = canvas.resolution
    whole = vae_bytes(size.width, size.height, canvas.frames, model)
    least = lean_decode_bytes(canvas, model) if tiled else whole
    return min(least, stream_bytes(size.width, size.height, model)) if model.streams else least
