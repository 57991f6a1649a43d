"""From request to plan."""

import re

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import Fault, InvalidInput, OverLimit
from domain.families import LTX_2, LTX_2_3
from domain.geometry import MIN_SIDE, FrameCount, FrameRate, Resolution, Side
from domain.grid import CropBox
from domain.guidance import GUIDANCE_OFF
from domain.interpolation import Interpolation
from domain.limits import FULL_HD, Limits
from domain.lora import Lora, LoraSource
from domain.media import MP4, OUTPUT_FORMATS, WEBM, OutputFormat
from domain.naming import FileName
from domain.plan import GenerationPlan, longest_clip, plan
from domain.profile import Checkpoint, ModelProfile
from domain.requests import GenerationRequest, ImageToVideo, ImageUrl, Prompt, TextToVideo
from domain.sampling import GuidanceScale, Seed, Steps
from domain.schedule import DISTILLED_SIGMAS, AnchoredSchedule, DynamicSchedule

WHOLE = Checkpoint(
    family=LTX_2,
    is_distilled=False,
    has_perturbed_attention=False,
    has_upsampler=True,
    distilled_lora_bytes=0,
    has_duration_head=True,
    can_enhance=True,
)
DEV = ModelProfile(name="org/dev", revision="main", checkpoint=WHOLE, device="NVIDIA L40S")
DISTILLED = attrs.evolve(DEV, checkpoint=attrs.evolve(WHOLE, is_distilled=True))
REQUEST = TextToVideo(prompt=Prompt("a lake"))


def _plan(request: GenerationRequest, profile: ModelProfile = DEV, limits: Limits | None = None) -> GenerationPlan:
    return plan(request, profile, limits or Limits(), Seed(7))


def _refused(request: GenerationRequest, limits: Limits | None = None) -> tuple[Fault, ...]:
    with pytest.raises(OverLimit) as refused:
        _plan(request, limits=limits)
    assert refused.value.message == "Over this worker's limits: " + "; ".join(map(str, refused.value.faults))
    return refused.value.faults


def test_a_dev_checkpoint_gets_the_apis_defaults() -> None:
    planned = _plan(REQUEST)
    assert (planned.steps, planned.base.schedule, planned.preset) == (30, DynamicSchedule(30), "standard")
    assert planned.base.video == planned.base.audio
    assert (planned.base.video.guidance_scale, planned.base.video.stg_scale) == (7.0, 0.0)
    assert (planned.mode, planned.prompt, planned.negative_prompt) == ("t2v", "a lake", "")
    assert (planned.seed, planned.warnings) == (Seed(7), ())


def test_given_fields_win_over_the_checkpoints_defaults() -> None:
    request = attrs.evolve(REQUEST, steps=Steps(12), guidance=GuidanceScale(3.5), negative_prompt="blurry")
    planned = _plan(request)
    assert (planned.steps, planned.negative_prompt) == (12, "blurry")
    default = _plan(REQUEST).base
    assert planned.base.video == attrs.evolve(default.video, guidance_scale=3.5)
    assert planned.base.audio == default.audio


def test_given_fields_win_over_the_preset_too_and_speak_of_the_first_stage() -> None:
    request = attrs.evolve(REQUEST, preset="quality", steps=Steps(12), guidance=GuidanceScale(3.5))
    base, refine = (planned.stage for planned in _plan(request).stages)
    assert base.schedule == AnchoredSchedule(12)
    assert (base.video.guidance_scale, base.audio.guidance_scale) == (3.5, 7.0)
    assert (refine.schedule.steps, refine.video) == (3, GUIDANCE_OFF)
    assert _plan(request).steps == 15


def test_two_stages_share_a_canvas_that_halves_onto_the_grid() -> None:
    request = attrs.evolve(REQUEST, preset="quality", width=Side(1280), height=Side(720))
    planned = _plan(request)
    assert planned.canvas.resolution == Resolution(1280, 768)
    assert [stage.canvas.resolution for stage in planned.stages] == [Resolution(640, 384), Resolution(1280, 768)]
    assert {(stage.canvas.frames, stage.canvas.frame_rate) for stage in planned.stages} == {
        (planned.canvas.frames, planned.canvas.frame_rate)
    }


def test_the_smaller_stage_is_never_smaller_than_the_vae_takes() -> None:
    request = attrs.evolve(REQUEST, preset="quality", width=Side(64), height=Side(66))
    assert [stage.canvas.resolution for stage in _plan(request).stages] == [Resolution(64, 64), Resolution(128, 128)]


def test_what_the_checkpoint_cannot_do_is_refused_together() -> None:
    plain = attrs.evolve(DEV, checkpoint=attrs.evolve(WHOLE, can_enhance=False, has_duration_head=False))
    request = attrs.evolve(REQUEST, enhance_prompt=True, num_frames=None)
    with pytest.raises(InvalidInput) as refused:
        _plan(request, plain)
    assert [fault.path for fault in refused.value.faults] == ["enhance_prompt", "num_frames"]
    assert _plan(request).output.frames == 1


def test_a_model_may_choose_up_to_the_nearest_limit() -> None:
    def longest(limits: Limits) -> float:
        return float(longest_clip(REQUEST, limits))

    assert longest(Limits(num_frames=48, seconds=20)) == 2
    assert longest(Limits(seconds=7.5)) == 7.5
    assert longest(Limits(num_frames=10_000, seconds=300)) == 20


def test_a_clip_longer_than_the_training_is_made_with_a_warning() -> None:
    long = attrs.evolve(REQUEST, num_frames=FrameCount(481))
    assert "20 seconds" in _plan(long, limits=Limits(seconds=30)).warnings[0]
    assert _plan(attrs.evolve(REQUEST, num_frames=FrameCount(480))).warnings == ()


def test_loras_are_passed_on() -> None:
    lora = Lora(source=LoraSource("org/name"))
    assert _plan(attrs.evolve(REQUEST, loras=(lora,))).loras == (lora,)


def test_a_step_count_below_the_schedules_floor_is_refused() -> None:
    assert _plan(attrs.evolve(REQUEST, steps=Steps(2))).steps == 2
    with pytest.raises(InvalidInput) as refused:
        _plan(attrs.evolve(REQUEST, steps=Steps(1)))
    assert refused.value.message == "Invalid input: steps must be at least 2 on this checkpoint's schedule, got 1"


def test_a_distilled_checkpoint_runs_its_own_schedule_and_names_what_it_ignored() -> None:
    planned = _plan(attrs.evolve(REQUEST, steps=Steps(1), guidance=GuidanceScale(0)), DISTILLED)
    assert (planned.steps, planned.base.schedule.sigmas) == (8, DISTILLED_SIGMAS)
    assert (planned.base.video, planned.base.audio) == (GUIDANCE_OFF, GUIDANCE_OFF)
    assert [re.match(r"\w+", warning)[0] for warning in planned.warnings] == ["steps", "guidance"]  # type: ignore[index]  # fails as a test if there is no word
    assert all("8 steps" in warning for warning in planned.warnings)


def test_a_distilled_checkpoint_has_nothing_to_say_where_nothing_was_given() -> None:
    assert _plan(REQUEST, DISTILLED).warnings == ()


def test_low_vram_is_passed_on() -> None:
    planned = _plan(attrs.evolve(REQUEST, low_vram=True))
    assert (planned.low_vram, planned.warnings) == (True, ())
    assert _plan(REQUEST).low_vram is False


def test_low_vram_on_the_cpu_is_a_warning() -> None:
    on_cpu = attrs.evolve(DISTILLED, device="cpu")
    request = attrs.evolve(REQUEST, low_vram=True, steps=Steps(4))
    warnings = _plan(request, on_cpu).warnings
    assert len(warnings) == 2
    assert warnings[1] == "low_vram saves nothing here: the model runs on the CPU"


def test_the_plan_keeps_what_was_asked_and_generates_on_the_grid() -> None:
    request = attrs.evolve(REQUEST, width=Side(1280), height=Side(720), num_frames=FrameCount(50))
    planned = _plan(request)
    assert (planned.output.resolution, planned.output.frames) == (Resolution(1280, 720), 50)
    assert (planned.canvas.resolution, planned.canvas.frames) == (Resolution(1280, 736), 57)
    assert planned.crop == CropBox(left=0, top=8, width=1280, height=720)


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS.values(), ids=str)
def test_only_a_file_of_halved_chroma_takes_frames_of_it(output_format: OutputFormat) -> None:
    file_name = FileName(f"a{output_format.suffix}")
    planned = _plan(attrs.evolve(REQUEST, output_format=output_format, file_name=file_name))
    assert planned.may_halve_chroma == (output_format in {MP4, WEBM})


@pytest.mark.parametrize(("has_upsampler", "may_halve"), [(True, True), (False, False)])
def test_frames_that_others_are_made_of_keep_their_chroma(*, has_upsampler: bool, may_halve: bool) -> None:
    profile = attrs.evolve(DEV, checkpoint=attrs.evolve(WHOLE, has_temporal_upsampler=has_upsampler))
    assert _plan(attrs.evolve(REQUEST, interpolate=Interpolation(2)), profile).may_halve_chroma == may_halve


def test_an_stg_block_stays_inside_a_small_transformer() -> None:
    def block(layers: int) -> int:
        checkpoint = attrs.evolve(WHOLE, family=LTX_2_3, transformer_layers=layers)
        return _plan(REQUEST, attrs.evolve(DEV, checkpoint=checkpoint)).stg_block

    assert block(48) == 28
    assert block(2) == 1


def test_the_mode_of_an_image_request_is_kept() -> None:
    assert _plan(ImageToVideo(prompt=Prompt("x"), image=ImageUrl("https://example.com/a.png"))).mode == "i2v"


def test_the_limits_themselves_are_taken() -> None:
    wide = attrs.evolve(REQUEST, width=Side(1920), height=Side(1088), num_frames=FrameCount(480))
    assert _plan(wide).output.resolution == FULL_HD
    fast = attrs.evolve(REQUEST, num_frames=FrameCount(1025), fps=FrameRate.from_number(60))
    assert _plan(fast).output.frames == 1025


def test_too_many_frames() -> None:
    request = attrs.evolve(REQUEST, num_frames=FrameCount(1026), fps=FrameRate.from_number(60))
    assert _refused(request) == (Fault("num_frames", "must be at most 1025 on this worker, got 1026"),)


def test_too_long() -> None:
    request = attrs.evolve(REQUEST, num_frames=FrameCount(481))
    assert _refused(request) == (Fault("num_frames", "must be at most 480 at 24 fps (20 seconds), got 481"),)


def test_too_long_at_an_ntsc_rate_is_counted_exactly() -> None:
    request = attrs.evolve(REQUEST, num_frames=FrameCount(480), fps=FrameRate.from_number(23.976))
    assert _refused(request) == (Fault("num_frames", "must be at most 479 at 23.976 fps (20 seconds), got 480"),)


def test_too_large() -> None:
    request = attrs.evolve(REQUEST, width=Side(3840), height=Side(2176))
    (fault,) = _refused(request)
    assert str(fault) == (
        "width x height must be at most 2088960 pixels on this worker (such as 1920x1088), got 3840x2176"
    )


def test_all_limits_are_told_at_once() -> None:
    request = attrs.evolve(REQUEST, width=Side(4096), height=Side(4096), num_frames=FrameCount(5000))
    assert [fault.path for fault in _refused(request)] == ["num_frames", "num_frames", "width"]


def test_the_largest_that_fits_is_a_size_that_could_be_asked_for() -> None:
    limits = Limits(pixels=MIN_SIDE * MIN_SIDE)
    (fault,) = _refused(attrs.evolve(REQUEST, width=Side(4096), height=Side(64)), limits)
    assert "such as 64x64" in fault.message


_SIDES = st.integers(min_value=32, max_value=2048).map(lambda half: 2 * half)


@given(_SIDES, _SIDES, st.integers(min_value=MIN_SIDE * MIN_SIDE, max_value=4096 * 4096))
def test_the_size_that_a_refusal_names_is_taken(width: int, height: int, pixels: int) -> None:
    assume(width * height > pixels)
    limits = Limits(pixels=pixels)
    (fault,) = _refused(attrs.evolve(REQUEST, width=Side(width), height=Side(height)), limits)
    named = re.search(r"such as (\d+)x(\d+)", fault.message)
    assert named is not None
    fitting = attrs.evolve(REQUEST, width=Side(int(named[1])), height=Side(int(named[2])))
    assert _plan(fitting, limits=limits).output.resolution.pixels <= pixels


@given(st.integers(min_value=1, max_value=3000), st.floats(min_value=1, max_value=120))
def test_the_frame_count_that_a_refusal_names_is_taken(frames: int, fps: float) -> None:
    request = attrs.evolve(REQUEST, num_frames=FrameCount(frames), fps=FrameRate.from_number(fps))
    try:
        assert _plan(request).output.frames == frames
    except OverLimit as refused:
        named = min(int(re.search(r"at most (\d+)", fault.message)[1]) for fault in refused.faults)  # type: ignore[index]  # fails as a test if there is no number
        assert named < frames
        assert _plan(attrs.evolve(request, num_frames=FrameCount(named))).output.frames == named


def test_a_negative_prompt_that_guides_nothing_is_told() -> None:
    request = attrs.evolve(REQUEST, negative_prompt="blurry")
    assert _plan(request).warnings == ()
    assert _plan(request, DISTILLED).warnings == ("negative_prompt was ignored: nothing is guided",)
