"""What a request leaves to its source, and what it comes to with it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from domain.conditions import ClipCondition, SoundCondition, Strength
from domain.errors import InvalidInput, OverLimit
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.interpolation import Interpolation
from domain.limits import Limits
from domain.media import GIF, WAV
from domain.output import Poster
from domain.plan import plan, refuse_unplannable
from domain.requests import GenerationRequest, ImageUrl, Prompt, TextToVideo
from domain.sampling import Seed, Steps
from domain.sizing import Measures, Seconds
from domain.source_media import AudioUrl, MediaFile, SourceAudio, SourceTime, SourceVideo, VideoUrl
from domain.source_requests import (
    AudioToVideo,
    ExtendVideo,
    OpenField,
    RetakeVideo,
    SourceRequest,
    VideoToVideo,
    frames_of,
)
from domain.sourcing import Sourced, sourced
from domain.upscaling import Upscale
from tests.unit.domain.test_plan import DEV

ALL: tuple[OpenField, ...] = ("fps", "length", "size")
MEDIA = MediaFile(Path("in"), "video_url", Fraction(0))
SOUND = SourceAudio(media=MEDIA, rate=44_100, channels=2, start=Fraction(0), samples=44_100)
VIDEO = SourceVideo(
    media=MEDIA,
    rate=Fraction(30_000, 1001),
    is_constant=True,
    size=Resolution(131, 96),
    frames=60,
    duration=Fraction(60 * 1001, 30_000),
    audio=SOUND,
)
SILENT = attrs.evolve(VIDEO, audio=None)
PROMPT: dict[str, Any] = {"prompt": Prompt("x")}
URL = VideoUrl("https://a.b/v")
REFINING = attrs.evolve(DEV.checkpoint, has_upsampler=True, distilled_lora_bytes=1)


def v2v(**fields: Any) -> VideoToVideo:
    return VideoToVideo(**(PROMPT | {"video": URL, "left_out": ALL, "num_frames": None} | fields))


def extend(frames: int = 12, **fields: Any) -> ExtendVideo:
    given: dict[str, Any] = {"video": URL, "left_out": ("fps", "size"), "num_frames": FrameCount(frames)}
    return ExtendVideo(**(PROMPT | given | fields))


def retake(start: float, end: float | None, **fields: Any) -> RetakeVideo:
    times = {"start": SourceTime(start), "end": None if end is None else SourceTime(end)}
    return RetakeVideo(**(PROMPT | {"video": URL, "left_out": ALL, "num_frames": None} | times | fields))


def a2v(**fields: Any) -> AudioToVideo:
    given: dict[str, Any] = {"audio_source": AudioUrl("https://a.b/s"), "left_out": ALL, "num_frames": None}
    return AudioToVideo(**(PROMPT | given | fields))


def faults(request: SourceRequest, source: SourceVideo | SourceAudio = VIDEO) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        sourced(request.settled(source), source)
    return [str(fault) for fault in refused.value.faults]


def come_to(request: SourceRequest, source: SourceVideo | SourceAudio = VIDEO) -> Sourced:
    return sourced(request.settled(source), source)


def test_all_that_is_left_out_is_the_sources_and_a_side_is_even() -> None:
    geometry = v2v().settled(VIDEO).geometry
    assert (geometry.resolution, geometry.frames, geometry.frame_rate.rate) == (Resolution(130, 96), 60, VIDEO.rate)


def test_what_is_given_stays_and_the_length_follows_the_given_rate() -> None:
    given = v2v(fps=FrameRate.from_number(15), left_out=("length",), width=Side(256))
    geometry = given.settled(VIDEO).geometry
    assert (geometry.resolution, geometry.frames, geometry.frame_rate.number) == (Resolution(256, 512), 30, 15)
    short = v2v(num_frames=FrameCount(7), left_out=("fps", "size"))
    assert short.settled(VIDEO).geometry.frames == 7


def test_seconds_are_counted_in_the_rate_of_the_source() -> None:
    request = extend(given_as=Measures(seconds=Seconds(2.0)))
    assert request.settled(VIDEO).geometry.frames == 60


def test_a_variable_rate_becomes_the_nearest_rate_that_people_write() -> None:
    source = attrs.evolve(VIDEO, is_constant=False, rate=Fraction(29_971, 1000))
    assert v2v().settled(source).fps.rate == Fraction(30_000, 1001)


@pytest.mark.parametrize(("is_constant", "rate"), [(True, Fraction(1000, 81)), (False, Fraction(12_346, 1000))])
def test_a_constant_rate_stays_exact_and_a_mean_is_rounded(*, is_constant: bool, rate: Fraction) -> None:
    source = attrs.evolve(VIDEO, is_constant=is_constant, rate=Fraction(1000, 81))
    assert v2v().settled(source).fps.rate == rate


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            attrs.evolve(VIDEO, rate=Fraction(240)),
            "fps is required: video_url has 240 frames a second, and that must be from 1 to 120, got 240.0",
        ),
        (
            attrs.evolve(VIDEO, size=Resolution(32, 96)),
            "width is required: video_url has 32x96 pixels, and a side must be from 64 to 4096, got 32",
        ),
    ],
)
def test_a_source_that_no_clip_can_be_like_is_refused_unless_the_field_is_given(source: SourceVideo, told: str) -> None:
    assert faults(v2v(), source) == [told]
    given = v2v(left_out=("length",), fps=FrameRate.from_number(24), width=Side(64), height=Side(96))
    assert come_to(given, source).output.resolution == Resolution(64, 96)


def test_a_reference_has_all_frames_of_the_canvas() -> None:
    request = v2v(strength=Strength(0.5)).settled(VIDEO)
    planned = plan(request, DEV, Limits(), Seed(1), VIDEO)
    assert planned.canvas.frames == 65
    assert planned.clips == (ClipCondition(role="reference", first=0, frames=65, strength=0.5),)
    assert (planned.soundtrack, planned.stretch, planned.sound) == ("made", None, None)
    assert planned.finished == planned.output


def test_an_extension_is_generated_with_its_context_and_finished_with_its_source() -> None:
    planned = plan(extend(12).settled(VIDEO), DEV, Limits(), Seed(1), VIDEO)
    assert (planned.output.frames, planned.canvas.frames, planned.finished.frames) == (37, 41, 72)
    assert planned.clips == (ClipCondition(role="held", first=35, frames=25),)
    assert (planned.soundtrack, planned.sampling_rate) == ("spliced", 44_100)
    in_front = plan(extend(12, direction="before").settled(VIDEO), DEV, Limits(), Seed(1), VIDEO)
    assert in_front.clips == (ClipCondition(role="held", first=0, frames=25, frame=12),)


@pytest.mark.parametrize(
    ("request_", "may_halve"), [(extend(), False), (retake(1.0, 2.0), False), (v2v(), True)], ids=["e", "r", "v"]
)
def test_frames_beside_those_of_the_source_keep_their_chroma(request_: SourceRequest, *, may_halve: bool) -> None:
    settled = request_.settled(VIDEO)
    assert plan(settled, DEV, Limits(), Seed(7), VIDEO).may_halve_chroma == may_halve


def test_a_rate_that_aac_does_not_know_becomes_one_that_it_knows() -> None:
    odd = attrs.evolve(VIDEO, audio=attrs.evolve(SOUND, rate=37_800))
    assert come_to(extend(12), odd).sampling_rate == 48_000


def test_a_retake_replaces_the_frames_that_begin_nearest_to_its_times() -> None:
    request = retake(0.5, 1.0).settled(VIDEO)
    planned = plan(request, DEV, Limits(), Seed(1), VIDEO)
    assert planned.stretch is not None
    assert (planned.stretch.before, planned.stretch.made, planned.stretch.resume) == (15, 15, 30)
    assert planned.finished.frames == 60
    assert plan(retake(0.5, None).settled(VIDEO), DEV, Limits(), Seed(1), VIDEO).output.frames == 9 + 45


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (0.5, 3.0, ["end must be at most 2.002, the length of the video, got 3"]),
        (1.0, 1.0, ["start must be at least a frame before the end, got 1"]),
        (
            3.5,
            3.0,
            [
                "end must be at most 2.002, the length of the video, got 3",
                "start must be at least a frame before the end, got 3.5",
            ],
        ),
        (9.0, None, ["start must be at least a frame before the end, got 9"]),
    ],
)
def test_a_window_outside_of_the_video_is_refused(start: float, end: float | None, told: list[str]) -> None:
    assert faults(retake(start, end)) == told


def test_what_a_retake_replaces_decides_what_is_seen_heard_and_given() -> None:
    both, video, audio = (
        plan(retake(0.5, 1.0, replace=part).settled(VIDEO), DEV, Limits(), Seed(1), VIDEO)
        for part in ("both", "video", "audio")
    )
    assert (both.soundtrack, video.soundtrack, audio.soundtrack) == ("spliced", "given", "spliced")
    assert both.sound is None
    assert audio.sound is None
    assert video.sound == SoundCondition(start=6 / VIDEO.rate)  # nine frames of context before frame 15
    assert audio.clips == (ClipCondition(role="held", first=6, frames=audio.canvas.frames),)
    assert len(both.clips) == len(video.clips) == 2


def test_without_a_sound_in_the_source_only_what_was_made_is_heard() -> None:
    assert come_to(retake(0.5, 1.0, replace="video"), SILENT).soundtrack == "none"
    assert come_to(retake(0.5, 1.0, replace="video"), SILENT).sound is None
    spliced = come_to(retake(0.5, 1.0), SILENT)
    assert (spliced.soundtrack, spliced.sampling_rate) == ("spliced", None)


def test_a_clip_made_to_a_sound_lasts_as_long_and_has_it() -> None:
    request = a2v().settled(SOUND)
    planned = plan(request, DEV, Limits(), Seed(1), SOUND)
    assert planned.output.frames == 24
    assert (planned.sound, planned.soundtrack, planned.clips) == (SoundCondition(start=Fraction(0)), "given", ())
    assert planned.conditions == ()
    longer = attrs.evolve(SOUND, samples=44_101)
    assert frames_of(longer, FrameRate.from_number(24)) == 25
    pictured = plan(a2v(image=ImageUrl("u")).settled(SOUND), DEV, Limits(), Seed(1), SOUND)
    assert [condition.frame for condition in pictured.conditions] == [0]


@pytest.mark.parametrize(
    ("request_", "source", "soundtrack"),
    [
        (v2v(audio="off"), VIDEO, "none"),
        (v2v(audio="source"), VIDEO, "given"),
        (extend(audio="source"), VIDEO, "given"),
        (extend(audio="off"), VIDEO, "none"),
        (a2v(audio="off"), SOUND, "none"),
        (a2v(audio="source"), SOUND, "given"),
    ],
)
def test_the_caller_chooses_the_sound(request_: SourceRequest, source: SourceVideo, soundtrack: str) -> None:
    assert come_to(request_, source).soundtrack == soundtrack


def test_a_sound_that_is_not_there_cannot_be_kept() -> None:
    assert faults(v2v(audio="source"), SILENT) == ['audio must not be "source": video_url has no sound']
    with pytest.raises(InvalidInput, match='audio must be "generate" or "off" in mode t2v, which is given no clip'):
        sourced(TextToVideo(prompt=Prompt("x"), audio="source"), None)
    assert sourced(TextToVideo(prompt=Prompt("x"), audio="off"), None).soundtrack == "none"


@pytest.mark.parametrize("audio", ["source", "off"])
def test_where_only_the_sound_is_made_it_is_in_the_file(audio: str) -> None:
    """Else the whole model would run, and the source come back as it was."""
    assert faults(retake(0.5, 1.0, replace="audio", audio=audio)) == [
        f'audio must not be "{audio}" where nothing but the sound is made anew'
    ]
    assert come_to(retake(0.5, 1.0, audio=audio)).soundtrack == {"source": "given", "off": "none"}[audio]


def test_a_file_of_sound_alone_is_refused_before_the_model_where_there_will_be_none() -> None:
    wav: dict[str, Any] = {"output_format": WAV, "replace": "video"}
    assert faults(retake(0.5, 1.0, **wav), SILENT) == [
        "output_format must be one with a picture: video_url has no sound, and none is made"
    ]
    assert come_to(retake(0.5, 1.0, **wav)).soundtrack == "given"
    assert come_to(retake(0.5, 1.0, output_format=WAV), SILENT).soundtrack == "spliced"


@pytest.mark.parametrize("seconds", [-0.1, 3601.0, float("nan")])
def test_a_time_in_a_clip_is_from_0_to_an_hour(seconds: float) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 3600"):
        SourceTime(seconds)


def test_what_is_wrong_without_the_source_is_refused_without_it() -> None:
    lengthless = attrs.evolve(DEV, checkpoint=attrs.evolve(DEV.checkpoint, has_duration_head=False))
    refuse_unplannable(v2v(), lengthless)  # its length is the source's, no question to the model
    refuse_unplannable(v2v(interpolate=Interpolation(4), output_format=GIF), DEV)  # the source may have ten a second
    with pytest.raises(InvalidInput, match="poster must be left out with output_format wav"):
        refuse_unplannable(v2v(poster=Poster(), output_format=WAV), DEV)
    with pytest.raises(InvalidInput, match="upscale"):
        refuse_unplannable(extend(upscale=Upscale(2)), attrs.evolve(DEV, checkpoint=REFINING))
    with pytest.raises(InvalidInput, match="steps must be at least 2"):
        refuse_unplannable(v2v(steps=Steps(1)), DEV)


def test_a_request_without_a_source_sees_and_hears_nothing() -> None:
    request: GenerationRequest = TextToVideo(prompt=Prompt("x"))
    assert (request.source, request.stretch(VIDEO), request.clips(VIDEO, 9), request.heard(VIDEO)) == (
        None, None, (), None,
    )  # fmt: skip


def test_a_window_that_is_too_long_is_told_by_its_end() -> None:
    request = retake(0.5, None).settled(VIDEO)
    with pytest.raises(OverLimit) as refused:
        plan(request, DEV, Limits(seconds=1.0), Seed(1), VIDEO)
    told = "end must be at most 1 seconds after the start on this worker, got 1.5015 after it"
    assert [str(fault) for fault in refused.value.faults] == [told]
    with pytest.raises(OverLimit, match=r"end must be at most 0\.333 seconds after the start"):
        plan(request, DEV, Limits(num_frames=10), Seed(1), VIDEO)
    assert plan(request, DEV, Limits(seconds=1.6, num_frames=45), Seed(1), VIDEO).output.frames == 9 + 45
