"""What a job needs of memory under each policy, and the largest that fits."""

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activations import WORKSPACE_BYTES, ModelDimensions, denoise_bytes, stream_bytes, vae_bytes
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.grid import Grid
from domain.memory import (
    LEANER,
    PHASES,
    POLICIES,
    MemoryBudget,
    MemoryPolicy,
    cast_to_fp8,
    device_weights,
    host_weights,
    largest_that,
    leaner_than,
    leanest,
)

GIB = 1 << 30
MODEL = ModelDimensions()
WEIGHTS = {
    "transformer": 36 * GIB,
    "text_encoder": 23 * GIB,
    "connectors": 6 * GIB,
    "vae": 2 * GIB,
    "audio_vae": GIB,
    "vocoder": GIB,
}


def clip(width: int, height: int, frames: int) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(24)))


def budget(device: int, policy: MemoryPolicy = "resident", host: int | None = None) -> MemoryBudget:
    return MemoryBudget(device_bytes=device, host_bytes=host, weights=WEIGHTS, policy=policy)


sides = st.integers(2, 128).map(lambda latents: latents * 32)
clips = st.builds(clip, sides, sides, st.integers(0, 60).map(lambda k: 8 * k + 1))
policies = st.sampled_from(POLICIES)
memories = st.integers(0, 120 * GIB)


@pytest.mark.parametrize(
    ("policy", "text", "denoise", "host"),
    [
        ("resident", 69, 69, 0),
        ("text_offload", 69, 40, 29),
        ("model_offload", 29, 39, 69),
        ("fp8", 33, 22.36, 47.36),
    ],
)
def test_weights_on_the_device_and_on_the_host(policy: MemoryPolicy, text: float, denoise: float, host: float) -> None:
    stored = cast_to_fp8(WEIGHTS, 2) if policy == "fp8" else WEIGHTS
    assert device_weights(stored, policy, PHASES["text"], layers=48) == pytest.approx(text * GIB)
    assert device_weights(stored, policy, PHASES["denoise"], layers=48) == pytest.approx(denoise * GIB)
    assert host_weights(stored, policy) == pytest.approx(host * GIB)


def test_slices_are_a_few_blocks_of_the_transformer_and_leaves_fewer() -> None:
    group = device_weights(WEIGHTS, "group_offload", ["transformer"], layers=48)
    assert 3 / 48 * 36 * GIB < group < 36 * GIB / 6
    assert device_weights(WEIGHTS, "leaf_offload", ["transformer"], layers=48) < group
    assert device_weights(WEIGHTS, "group_offload", ["transformer"], layers=2) == 36 * GIB
    assert host_weights(WEIGHTS, "group_offload") == pytest.approx((1.15 * (36 + 23 + 6) + 4) * GIB)


def test_the_ladder_goes_down_and_never_to_fp8() -> None:
    assert [LEANER[policy] for policy in POLICIES] == [
        "model_offload",
        "model_offload",
        "group_offload",
        "group_offload",
        "leaf_offload",
        None,
    ]
    assert leaner_than("text_offload") == ("model_offload", "group_offload", "leaf_offload")
    assert leaner_than("leaf_offload") == ()


def test_a_job_needs_its_worst_part() -> None:
    canvas = clip(768, 512, 121)
    roomy = budget(80 * GIB)
    denoise = denoise_bytes(canvas, MODEL, rows=2, is_conditioned=True)
    decode = vae_bytes(768, 512, 121, MODEL)
    assert denoise > decode
    assert roomy.needed(canvas, "resident", rows=2, tiled=False) == 69 * GIB + denoise + WORKSPACE_BYTES
    text_alone = roomy.needed(canvas, "resident", rows=1, tiled=False, condition_frames=0)
    assert text_alone == 69 * GIB + decode + WORKSPACE_BYTES
    assert roomy.needed(canvas, "resident", rows=1, tiled=True, condition_frames=121) > text_alone - GIB
    assert roomy.needed(canvas, "model_offload", rows=2, tiled=False) == 39 * GIB + denoise + WORKSPACE_BYTES


@pytest.mark.parametrize("tiled", [False, True])
def test_a_streamed_decode_needs_no_more_for_a_longer_clip(tiled: bool) -> None:
    def decode(frames: int, *, streams: bool) -> int:
        model = attrs.evolve(MODEL, streams=streams)
        alone = MemoryBudget(
            device_bytes=80 * GIB, host_bytes=None, weights={"vae": GIB}, policy="resident", dimensions=model
        )
        needed = alone.needed(clip(1920, 1088, frames), "resident", rows=0, tiled=tiled, condition_frames=0)
        return needed - GIB - WORKSPACE_BYTES

    stream = stream_bytes(1920, 1088, MODEL)
    assert decode(121, streams=True) == decode(481, streams=True) == stream
    assert decode(9, streams=True) == decode(9, streams=False) < stream
    assert decode(121, streams=False) < decode(481, streams=False)


@given(clips, policies, st.booleans(), st.sampled_from(["width", "height", "frames", "rows", "condition"]))
def test_a_larger_job_never_needs_less(canvas: ClipGeometry, policy: MemoryPolicy, tiled: bool, grows: str) -> None:
    size = canvas.resolution
    larger = clip(
        size.width + 32 * (grows == "width"),
        size.height + 32 * (grows == "height"),
        canvas.frames + 8 * (grows == "frames"),
    )
    roomy = budget(80 * GIB, policy)
    condition = 9 if grows == "condition" else 0
    less = roomy.needed(canvas, policy, rows=1, tiled=tiled)
    more = roomy.needed(larger, policy, rows=2 if grows == "rows" else 1, tiled=tiled, condition_frames=1 + condition)
    assert less <= more
    assert roomy.needed(canvas, policy, rows=1, tiled=True) <= roomy.needed(canvas, policy, rows=1, tiled=False)


@given(clips, st.sampled_from(POLICIES[:2]))
def test_a_leaner_policy_never_needs_more(canvas: ClipGeometry, policy: MemoryPolicy) -> None:
    roomy = budget(80 * GIB, policy)
    reached: MemoryPolicy | None = policy
    needs = []
    while reached is not None:
        needs.append(roomy.needed(canvas, reached, rows=1, tiled=True))
        reached = LEANER[reached]
    assert needs == sorted(needs, reverse=True)


def largest(tight: MemoryBudget, asked: ClipGeometry, grid: Grid, *, rows: int) -> ClipGeometry | None:
    return largest_that(lambda smaller: tight.fits(grid.geometry_up(smaller), rows=rows), asked, grid)


@given(clips, memories, st.sampled_from(POLICIES), st.sampled_from([1, 2]))
def test_the_largest_that_fits_does_and_one_step_more_does_not(
    asked: ClipGeometry, device: int, policy: MemoryPolicy, rows: int
) -> None:
    tight, grid = budget(device, policy), Grid()
    found = largest(tight, asked, grid, rows=rows)
    if found is None:
        assert not tight.fits(clip(64, 64, 1), rows=rows)
        return
    assert tight.fits(grid.geometry_up(found), rows=rows)
    if found == asked:
        return
    assert not tight.fits(grid.geometry_up(asked), rows=rows)
    if found.frames == asked.frames:
        assert not tight.fits(_next_larger(found, asked), rows=rows)
    else:
        assert not tight.fits(attrs.evolve(found, frames=found.frames + 8), rows=rows)


def _next_larger(found: ClipGeometry, asked: ClipGeometry) -> ClipGeometry:
    """The size that is a grid step larger on the longer side, in the asked shape."""
    size, shape = found.resolution, asked.resolution
    longer = max(shape.width, shape.height)
    side = max(size.width, size.height) + 32

    def scaled(pixels: int) -> int:
        return max(64, side * pixels // longer // 32 * 32)

    return attrs.evolve(found, resolution=Resolution(scaled(shape.width), scaled(shape.height)))


def test_size_gives_way_first_then_frames() -> None:
    tight = budget(12 * GIB, "leaf_offload")
    asked = clip(3840, 2176, 121)
    found = largest(tight, asked, Grid(), rows=1)
    assert found is not None
    assert found.frames == 121
    width, height = found.resolution.width, found.resolution.height
    assert width / height == pytest.approx(3840 / 2176, rel=0.06)
    small = MemoryBudget(device_bytes=5 * GIB, host_bytes=None, weights={"transformer": GIB}, policy="resident")
    shorter = largest(small, clip(96, 64, 20001), Grid(), rows=1)
    assert shorter is not None
    assert shorter.resolution == Resolution(64, 64)
    assert 121 < shorter.frames < 20001
    assert shorter.frames % 8 == 1


def test_a_size_off_the_grid_is_judged_by_what_is_generated_for_it() -> None:
    asked = clip(1910, 1070, 120)
    canvas = Grid().geometry_up(asked)
    needed = budget(0, "leaf_offload").needed(canvas, "leaf_offload", rows=1, tiled=True)
    assert largest(budget(needed, "leaf_offload"), asked, Grid(), rows=1) == asked
    smaller = largest(budget(needed - 1, "leaf_offload"), asked, Grid(), rows=1)
    assert smaller == attrs.evolve(asked, resolution=Resolution(1888, 1056))


def test_a_two_stage_grid_is_kept() -> None:
    tight = budget(12 * GIB, "leaf_offload")
    found = largest(tight, clip(3840, 2176, 241), Grid(spatial=64), rows=1)
    assert found is not None
    assert found.resolution.width % 64 == found.resolution.height % 64 == 0


def test_policies_that_do_not_go_with_other_settings_are_passed_over() -> None:
    some = attrs.evolve(budget(79 * GIB, "resident"), policies=("resident", "group_offload"))
    assert some.leaner("resident") == "group_offload"
    assert some.leaner("group_offload") is None
    assert some.policy_for(clip(1920, 1088, 241), rows=2) == "group_offload"


def test_adapters_beside_the_transformer_count() -> None:
    canvas = clip(1536, 1024, 121)
    device = budget(0, "resident").needed(canvas, "resident", rows=1, tiled=True)
    assert budget(device, "resident").policy_for(canvas, rows=1) == "resident"
    assert budget(device, "resident").policy_for(canvas, rows=1, lora_bytes=40 * GIB) == "group_offload"


def test_the_leanest_is_the_last_in_the_ladder() -> None:
    assert leanest("model_offload", "resident", "group_offload") == "group_offload"


def test_a_host_without_room_bars_the_leaner_policies() -> None:
    canvas = clip(1920, 1088, 121)
    device = 79 * GIB
    assert not budget(device, "resident", host=60 * GIB).fits(canvas, rows=2)
    assert budget(device, "resident", host=69 * GIB).policy_for(canvas, rows=2) == "model_offload"
    assert budget(device, "resident", host=69 * GIB).leaner("model_offload") is None
    assert budget(device, "resident", host=80 * GIB).leaner("model_offload") == "group_offload"
    assert budget(device, "fp8", host=60 * GIB).leaner("fp8") == "group_offload"


def test_what_is_stored_in_fp8_stays_so_under_the_leaner_policies() -> None:
    canvas = clip(1920, 1088, 121)
    exact, cast = budget(24 * GIB, "model_offload"), budget(24 * GIB, "fp8")
    assert cast.needed(canvas, "group_offload", rows=2, tiled=True) < exact.needed(
        canvas, "group_offload", rows=2, tiled=True
    )
