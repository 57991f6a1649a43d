"""What is listed is what `plan` takes."""

import attrs
import pytest

from domain.capabilities import CAPABILITIES
from domain.errors import OverLimit
from domain.geometry import FrameCount, Side
from domain.limits import Limits
from domain.offers import LISTED_RATE, LISTED_SHAPE, offers
from domain.plan import plan
from domain.profile import ModelProfile
from domain.recipes import PRESETS, Preset
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Prompt
from domain.sampling import Seed
from domain.sizing import RESOLUTIONS, sized
from tests.unit.domain.test_plan import DEV, WHOLE
from tests.unit.domain.test_plan_memory import SMALL_GPU, on_a_gpu_with

PICTURE = ImageToVideo(prompt=Prompt("x"), image=ImageUrl("https://example.com/a.png"), fps=LISTED_RATE)


def test_the_rows_are_the_tables() -> None:
    listed = offers(attrs.evolve(DEV, checkpoint=attrs.evolve(WHOLE, has_upsampler=False)), Limits())
    assert [offer.name for offer in listed.offers] == [row.name for row in CAPABILITIES]
    lacking = {offer.name: offer.lacks for offer in listed.offers if offer.lacks}
    assert lacking == {"quality": ("a latent upsampler",), "upscale": ("a latent upsampler",)}
    assert [offer.name for offer in listed.of_kind("preset")] == list(PRESETS)
    assert list(listed.longest) == ["official", "fast", "standard"]


@pytest.mark.parametrize("profile", [SMALL_GPU, on_a_gpu_with(6 * 2**30)])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_longest_clip_is_taken_and_a_longer_one_is_not(profile: ModelProfile, preset: Preset) -> None:
    limits = Limits()
    longest = offers(profile, limits).longest[preset]
    for name in RESOLUTIONS:
        size = sized(name, LISTED_SHAPE)
        request = attrs.evolve(PICTURE, preset=preset, width=Side(size.width), height=Side(size.height))

        def made(frames: int, request: GenerationRequest = request) -> None:
            plan(attrs.evolve(request, num_frames=FrameCount(frames)), profile, limits, Seed(1))

        most = longest.get(name, 0)
        if most:
            made(most)
        with pytest.raises(OverLimit):
            made(most + 1)
    assert longest


def test_where_memory_is_not_asked_the_limits_say_how_long() -> None:
    listed = offers(attrs.evolve(DEV, memory=None), Limits(num_frames=100, pixels=1280 * 720))
    assert listed.longest["fast"] == {"480p": 100, "540p": 100, "720p": 100}
    assert offers(DEV, Limits(seconds=2)).longest["fast"]["1080p"] == 48


def test_a_device_without_room_has_no_clip_to_offer() -> None:
    assert all(longest == {} for longest in offers(on_a_gpu_with(2**20), Limits()).longest.values())
