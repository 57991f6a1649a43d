"""Whether a clip fits into the device, and what is said where it does not."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from domain.conditions import FramePosition
from domain.errors import OverLimit
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.limits import Limits
from domain.memory import MemoryBudget
from domain.plan import GenerationPlan, plan
from domain.profile import ModelProfile
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Keyframe, KeyframesToVideo, Prompt
from domain.sampling import Seed
from domain.source_media import MediaFile, SourceVideo, VideoUrl
from domain.source_requests import ExtendVideo, VideoToVideo
from tests.unit.domain.test_plan import DEV, REQUEST, WHOLE

FPS_30 = FrameRate.from_number(30)


def _plan(request: GenerationRequest, profile: ModelProfile = DEV) -> GenerationPlan:
    return plan(request, profile, Limits(), Seed(7))


def on_a_gpu_with(free: int) -> ModelProfile:
    memory = MemoryBudget(device_bytes=free, host_bytes=None, weights={"transformer": 2**30}, policy="resident")
    return attrs.evolve(DEV, memory=memory)


SMALL_GPU = on_a_gpu_with(12 * 2**30)
TIGHT = on_a_gpu_with(6 * 2**30)


def test_what_fits_under_no_policy_is_refused_with_the_largest_that_would() -> None:
    request = attrs.evolve(REQUEST, width=Side(1920), height=Side(1088), num_frames=FrameCount(481), fps=FPS_30)
    with pytest.raises(OverLimit) as refused:
        _plan(request, SMALL_GPU)
    (fault,) = refused.value.faults
    named = re.search(
        r"1920x1088 with 481 frames were asked for, (\d+)x(\d+) with (\d+) frames would fit", fault.message
    )
    assert named is not None
    width, height, frames = map(int, named.groups())
    assert width * height * frames < 1920 * 1088 * 481
    fitting = attrs.evolve(request, width=Side(width), height=Side(height), num_frames=FrameCount(frames))
    assert _plan(fitting, SMALL_GPU).output.resolution == Resolution(width, height)


def test_a_device_that_holds_not_even_the_smallest_clip_says_so() -> None:
    with pytest.raises(OverLimit, match="no clip at all would fit"):
        _plan(REQUEST, on_a_gpu_with(2**20))


def test_a_plan_names_the_policy_that_it_needs() -> None:
    """19 GiB hold the weights of 10 beside a small clip, not beside a large one."""
    weights = {"transformer": 8 * 2**30, "text_encoder": 2 * 2**30}
    memory = MemoryBudget(device_bytes=19 * 2**30, host_bytes=None, weights=weights, policy="resident")
    gpu = attrs.evolve(DEV, memory=memory)
    assert _plan(REQUEST, gpu).policy == "resident"
    large = attrs.evolve(REQUEST, width=Side(1920), height=Side(1088), num_frames=FrameCount(121))
    assert _plan(large, gpu).policy not in {None, "resident"}
    assert _plan(REQUEST).policy is None


def test_the_distilled_lora_counts_where_it_is_used() -> None:
    def policy(size: int) -> str | None:
        checkpoint = attrs.evolve(WHOLE, distilled_lora_bytes=size)
        gpu = attrs.evolve(on_a_gpu_with(14 * 2**30), checkpoint=checkpoint)
        return _plan(attrs.evolve(REQUEST, preset="quality"), gpu).policy

    assert policy(0) == "resident"
    with pytest.raises(OverLimit):
        policy(40 * 2**30)


def test_the_cpus_memory_is_not_asked() -> None:
    large = attrs.evolve(REQUEST, width=Side(1920), height=Side(1088), num_frames=FrameCount(480))
    assert _plan(large, attrs.evolve(SMALL_GPU, memory=None)).output.frames == 480


def test_a_picture_that_is_held_counts() -> None:
    """A held picture gives each token a timestep of its own, which takes more."""
    picture = ImageToVideo(prompt=Prompt("x"), image=ImageUrl("https://example.com/a.png"))

    def largest(request: GenerationRequest) -> int:
        for frames in range(481, 0, -8):
            try:
                _plan(attrs.evolve(request, width=Side(1280), height=Side(704), num_frames=FrameCount(frames)), TIGHT)
            except OverLimit:
                continue
            return frames
        return 0

    assert 0 < largest(picture) < largest(REQUEST)


def test_each_keyframe_behind_the_first_frame_takes_memory() -> None:
    """The one at the first frame stands in the clip's own tokens."""

    def least_device(*numbers: int) -> int:
        keyframes = tuple(Keyframe(image=ImageUrl("https://a.b/c"), frame=FramePosition(number)) for number in numbers)
        request = KeyframesToVideo(
            prompt=Prompt("x"), width=Side(1024), height=Side(1024), num_frames=FrameCount(17), keyframes=keyframes
        )
        sizes = range(2**31, 2**33, 2**23)
        return next(size for size in sizes if _fits(request, on_a_gpu_with(size)))

    one, two, four = least_device(0), least_device(0, -1), least_device(0, 3, 9, -1)
    assert one < two < four
    assert four - two == pytest.approx(2 * (two - one), rel=0.2)


def test_a_sources_frames_take_memory() -> None:
    """A reference doubles the tokens; a clip that goes on is made together with the frames it goes on from."""
    size: dict[str, Any] = {"prompt": Prompt("x"), "width": Side(1024), "height": Side(1024)}
    video = VideoUrl("https://a.b/c")
    source = SourceVideo(
        media=MediaFile(Path("in"), "video_url", Fraction(0)),
        rate=Fraction(24),
        is_constant=True,
        size=Resolution(1024, 1024),
        frames=240,
        duration=Fraction(10),
        audio=None,
    )

    def least_device(request: GenerationRequest, given: SourceVideo | None = source) -> int:
        sizes = range(2**31, 2**35, 2**26)
        return next(size for size in sizes if _fits(request, on_a_gpu_with(size), given))

    def pictured(frames: int) -> int:
        picture = ImageUrl("https://a.b/c.png")
        return least_device(ImageToVideo(**size, num_frames=FrameCount(frames), image=picture), None)

    assert least_device(ExtendVideo(**size, num_frames=FrameCount(65), video=video)) == pictured(65 + 25)
    assert pictured(65) * 1.5 < least_device(VideoToVideo(**size, num_frames=FrameCount(65), video=video))


def _fits(request: GenerationRequest, profile: ModelProfile, source: SourceVideo | None = None) -> bool:
    try:
        plan(request, profile, Limits(), Seed(7), source)
    except OverLimit:
        return False
    return True
