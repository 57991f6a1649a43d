"""The table of what can be asked for: each row is taken where its needs are met, and refused where one is not."""

from typing import Any, Final

import attrs
import pytest

from domain.capabilities import CAPABILITIES, Capability, refuse_impossible
from domain.conditions import FIRST_FRAME
from domain.errors import InvalidInput
from domain.families import FAMILIES, LTX_2_3, LTX_2_5
from domain.geometry import FrameCount
from domain.limits import Limits
from domain.lora import Lora, LoraSource
from domain.needs import DISTILLED_LORA, DURATION_HEAD, ENHANCER, UPSAMPLER, Need
from domain.plan import plan
from domain.profile import Checkpoint, ModelProfile
from domain.recipes import PRESETS, Preset, available_presets
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Keyframe, KeyframesToVideo, Prompt, TextToVideo
from domain.sampling import Seed
from domain.source_media import AudioUrl, SourceTime, VideoUrl
from domain.source_requests import AudioToVideo, ExtendVideo, RetakeVideo, VideoToVideo
from domain.upscaling import Upscale
from tests.support.requests_of_rows import FIELDS_OF_ROWS

WHOLE: Final = Checkpoint(
    family=LTX_2_3,
    is_distilled=False,
    has_upsampler=True,
    distilled_lora_bytes=0,
    has_duration_head=True,
    can_enhance=True,
)
WITHOUT: Final[dict[Need, dict[str, Any]]] = {
    UPSAMPLER: {"has_upsampler": False},
    DISTILLED_LORA: {"distilled_lora_bytes": None},
    DURATION_HEAD: {"has_duration_head": False},
    ENHANCER: {"can_enhance": False},
}
KINDS: Final = [
    attrs.evolve(WHOLE, family=family, is_distilled=distilled)
    for family in FAMILIES.values()
    for distilled in (False, True)
]
TEXT: Final = TextToVideo(prompt=Prompt("a"))
VIDEO: Final = VideoUrl("https://example.com/a.mp4")
PICTURE: Final = ImageUrl("https://example.com/a.png")
REQUESTS: Final[dict[str, GenerationRequest]] = {
    "t2v": TEXT,
    "i2v": ImageToVideo(prompt=Prompt("a"), image=PICTURE),
    "keyframes": KeyframesToVideo(prompt=Prompt("a"), keyframes=(Keyframe(image=PICTURE, frame=FIRST_FRAME),)),
    "v2v": VideoToVideo(prompt=Prompt("a"), video=VIDEO),
    "extend": ExtendVideo(prompt=Prompt("a"), video=VIDEO),
    "retake": RetakeVideo(prompt=Prompt("a"), video=VIDEO, start=SourceTime(0)),
    "a2v": AudioToVideo(prompt=Prompt("a"), audio_source=AudioUrl("https://example.com/a.wav")),
    **{preset: attrs.evolve(TEXT, preset=preset) for preset in PRESETS},
    "enhance_prompt": attrs.evolve(TEXT, enhance_prompt=True),
    "num_frames: null": attrs.evolve(TEXT, num_frames=None),
    "upscale": attrs.evolve(TEXT, upscale=Upscale(2)),
    "loras": attrs.evolve(TEXT, loras=(Lora(source=LoraSource("org/name")),)),
}


def planned(request: GenerationRequest, checkpoint: Checkpoint) -> None:
    profile = ModelProfile(name="m", revision="1", checkpoint=checkpoint, device="cpu")
    plan(request, profile, Limits(), Seed(1))


def test_each_row_has_a_request() -> None:
    assert [row.name for row in CAPABILITIES] == list(REQUESTS) == list(FIELDS_OF_ROWS)


def test_every_mode_there_is_has_a_row() -> None:
    modes = {kind.mode for kind in _all_requests(GenerationRequest)}
    assert modes == {row.name for row in CAPABILITIES if row.kind == "mode"}


def _all_requests(kind: type[GenerationRequest]) -> list[type[GenerationRequest]]:
    leaves = [leaf for child in kind.__subclasses__() for leaf in (child, *_all_requests(child))]
    return [leaf for leaf in leaves if hasattr(leaf, "mode")]


@pytest.mark.parametrize("checkpoint", KINDS)
@pytest.mark.parametrize("row", CAPABILITIES, ids=lambda row: row.name)
def test_a_row_is_taken_where_its_needs_are_met(row: Capability, checkpoint: Checkpoint) -> None:
    request = REQUESTS[row.name]
    assert row.is_asked(request)
    assert row.lacks(checkpoint) == ()
    planned(request, checkpoint)


@pytest.mark.parametrize("checkpoint", KINDS)
@pytest.mark.parametrize("row", CAPABILITIES, ids=lambda row: row.name)
def test_a_row_is_refused_by_name_for_each_need_that_is_not_met(row: Capability, checkpoint: Checkpoint) -> None:
    for need in row.needs(checkpoint):
        poorer = attrs.evolve(checkpoint, **WITHOUT[need])
        assert row.lacks(poorer) == (need.name,)
        with pytest.raises(InvalidInput) as refused:
            planned(REQUESTS[row.name], poorer)
        (fault,) = refused.value.faults
        assert fault.path == row.path
        assert f"needs {need.name}, which this checkpoint lacks; " in fault.message


@pytest.mark.parametrize("row", CAPABILITIES, ids=lambda row: row.name)
def test_what_a_row_does_not_need_is_no_reason(row: Capability) -> None:
    changes: dict[str, Any] = {}
    for need, without in WITHOUT.items():
        changes |= {} if need in row.needs(WHOLE) else without
    planned(REQUESTS[row.name], attrs.evolve(WHOLE, **changes))


def test_the_needs_are_these() -> None:
    distilled = attrs.evolve(WHOLE, family=LTX_2_5, is_distilled=True)
    needs = {row.name: (row.needs(WHOLE), row.needs(distilled)) for row in CAPABILITIES}
    assert {name: pair for name, pair in needs.items() if pair != ((), ())} == {
        "official": ((), (UPSAMPLER,)),
        "quality": ((UPSAMPLER, DISTILLED_LORA), (UPSAMPLER,)),
        "enhance_prompt": ((ENHANCER,), (ENHANCER,)),
        "num_frames: null": ((DURATION_HEAD,), (DURATION_HEAD,)),
        "upscale": ((UPSAMPLER, DISTILLED_LORA), (UPSAMPLER,)),
    }


def test_refusals_say_what_can_be_asked_for() -> None:
    bare = attrs.evolve(
        WHOLE, has_upsampler=False, distilled_lora_bytes=None, has_duration_head=False, can_enhance=False
    )
    request = attrs.evolve(TEXT, preset="quality", enhance_prompt=True, num_frames=None)
    with pytest.raises(InvalidInput) as refused:
        refuse_impossible(request, bare)
    assert [str(fault) for fault in refused.value.faults] == [
        (
            'preset "quality" needs a latent upsampler and the distilled LoRA, which this checkpoint lacks; '
            'available: "official", "fast", "standard"'
        ),
        "enhance_prompt needs a loaded prompt enhancer, which this checkpoint lacks; false takes the prompt as given",
        "num_frames null needs a duration head, which this checkpoint lacks; give a number, or seconds",
    ]
    refuse_impossible(attrs.evolve(request, preset="fast", enhance_prompt=False, num_frames=FrameCount(1)), bare)


@pytest.mark.parametrize(
    ("checkpoint", "available"),
    [
        (WHOLE, PRESETS),
        (attrs.evolve(WHOLE, has_upsampler=False), ("official", "fast", "standard")),
        (attrs.evolve(WHOLE, distilled_lora_bytes=None), ("official", "fast", "standard")),
        (attrs.evolve(WHOLE, is_distilled=True, distilled_lora_bytes=None), PRESETS),
        (attrs.evolve(WHOLE, is_distilled=True, has_upsampler=False), ("fast", "standard")),
    ],
)
def test_the_presets_that_are_available(checkpoint: Checkpoint, available: tuple[Preset, ...]) -> None:
    assert available_presets(checkpoint) == available
