"""Two sounds in one: which is heard when, to the sample."""

from array import array
from collections.abc import Iterable
from itertools import pairwise

import pytest

from application.sound_joint import joined, silence
from domain.clip import Audio
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.stretch import Stretch

RATE = 1_000  # samples per second: a frame at 10 fps has 100, a fade 50
FPS = FrameRate.from_number(10)


def sound(*channels: Iterable[float]) -> Audio:
    rows = [array("f", channel) for channel in channels]
    return Audio(RATE, len(rows), memoryview(array("f", (value for row in rows for value in row))))


def level(value: float, samples: int, channels: int = 2) -> Audio:
    return sound(*([value] * samples for _ in range(channels)))


def left(audio: Audio) -> list[float]:
    return list(audio.samples)[: audio.length]


def test_a_retake_leaves_every_sample_outside_of_its_window() -> None:
    stretch = Stretch(before=20, made=5, resume=25, source_frames=40)
    heard = left(joined(level(0.5, 4_000), level(-0.5, stretch.generated * 100), stretch, FPS))
    assert set(heard[:2_000]) == set(heard[2_500:]) == {0.5}
    assert set(heard[2_050:2_450]) == {-0.5}
    rise, fall = heard[2_000:2_050], heard[2_450:2_500]
    assert rise == sorted(rise, reverse=True)
    assert fall == sorted(fall)
    assert max(abs(a - b) for a, b in pairwise(heard)) < 0.03


def test_the_sound_of_an_extension_crosses_in_the_context_and_never_jumps() -> None:
    stretch = Stretch.after(20, 5)
    heard = left(joined(level(0.5, 2_500), level(-0.5, stretch.generated * 100), stretch, FPS))
    assert set(heard[:1_950]) == {0.5}
    assert set(heard[2_000:]) == {-0.5}
    assert max(abs(a - b) for a, b in pairwise(heard)) < 0.03


def test_the_sound_of_an_extension_in_front_crosses_behind_it() -> None:
    stretch = Stretch.in_front(20, 5)
    heard = left(joined(level(0.5, 2_500), level(-0.5, stretch.generated * 100), stretch, FPS))
    assert set(heard[:500]) == {-0.5}
    assert set(heard[550:]) == {0.5}
    assert max(abs(a - b) for a, b in pairwise(heard)) < 0.03


@pytest.mark.parametrize("stretch", [Stretch.after(20, 5), Stretch(before=20, made=5, resume=25, source_frames=40)])
def test_what_was_made_is_heard_at_its_own_time(stretch: Stretch) -> None:
    ramp = sound(range(stretch.generated * 100), range(stretch.generated * 100))
    heard = left(joined(level(-1.0, stretch.finished * 100), ramp, stretch, FPS))
    lead = stretch.lead * 100
    assert heard[2_060:2_440] == [lead + index for index in range(60, 440)]


def test_one_channel_is_heard_on_both_and_two_stay_apart() -> None:
    stretch = Stretch.after(20, 5)
    samples = stretch.generated * 100
    mono = joined(level(0.0, 2_500), level(0.25, samples, channels=1), stretch, FPS)
    assert mono.samples[-1] == mono.samples[mono.length - 1] == 0.25
    stereo = joined(level(0.0, 2_500), sound([0.25] * samples, [0.5] * samples), stretch, FPS)
    assert (stereo.samples[stereo.length - 1], stereo.samples[-1]) == (0.25, 0.5)


def test_what_is_too_short_ends_in_silence() -> None:
    stretch = Stretch.after(20, 5)
    heard = left(joined(level(0.5, 2_500), level(-0.5, stretch.generated * 100 - 30), stretch, FPS))
    assert set(heard[2_000:2_470]) == {-0.5}
    assert set(heard[2_470:]) == {0.0}


def test_a_window_of_one_frame_rises_and_falls_in_half_of_it() -> None:
    fast = FrameRate.from_number(100)  # ten samples a frame
    stretch = Stretch(before=20, made=1, resume=21, source_frames=40)
    heard = left(joined(level(0.5, 400), level(-0.5, stretch.generated * 10), stretch, fast))
    assert set(heard[:200]) == set(heard[210:]) == {0.5}
    assert min(heard[200:210]) == pytest.approx(-0.4)


def test_the_sounds_cross_for_no_longer_than_the_context_lasts() -> None:
    fast = FrameRate.from_number(100)  # one frame of context has ten samples, a fade would have 50
    after = left(joined(level(0.5, 60), level(-0.5, 60), Stretch.after(1, 5), fast))
    assert after[0] == pytest.approx(0.45)
    assert set(after[10:]) == {-0.5}
    in_front = left(joined(level(0.5, 60), level(-0.5, 60), Stretch.in_front(1, 5), fast))
    assert set(in_front[:50]) == {-0.5}
    assert in_front[-1] == pytest.approx(0.45)


def test_a_retake_from_the_first_frame_to_the_last_has_no_fade() -> None:
    heard = left(joined(level(0.5, 500), level(-0.5, 500), Stretch(before=0, made=5, resume=5, source_frames=5), FPS))
    assert set(heard) == {-0.5}


def test_silence_is_as_long_as_the_clip() -> None:
    quiet = silence(ClipGeometry(Resolution(64, 64), 25, FPS), RATE)
    assert (quiet.channels, quiet.length, set(quiet.samples)) == (2, 2_500, {0.0})
