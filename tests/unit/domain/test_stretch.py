"""Which frames are kept, made, and shown to the model beside them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conditions import ClipCondition
from domain.stretch import MOST_CONTEXT, Stretch


@pytest.mark.parametrize(
    ("frames", "context"), [(0, 0), (1, 1), (8, 1), (9, 9), (16, 9), (24, 17), (25, 25), (900, 25)]
)
def test_context_has_as_many_frames_as_the_vae_encodes_whole(frames: int, context: int) -> None:
    stretch = Stretch(before=frames, made=5, resume=frames, source_frames=2 * frames)
    assert (stretch.lead, stretch.trail) == (context, context)
    assert stretch.generated == context + 5 + context


def test_an_extension_goes_on_from_the_last_frames() -> None:
    stretch = Stretch.after(40, 12)
    assert (stretch.finished, stretch.generated, stretch.replaces) == (52, 37, False)
    assert stretch.context(41) == (ClipCondition(role="held", first=15, frames=25),)
    assert stretch.source_start(Fraction(24)) == 0


def test_an_extension_in_front_leads_to_the_first_frames() -> None:
    stretch = Stretch.in_front(10, 12)
    assert (stretch.finished, stretch.generated, stretch.replaces) == (22, 21, False)
    assert stretch.context(25) == (ClipCondition(role="held", first=0, frames=9, frame=12),)
    assert stretch.source_start(Fraction(24)) == Fraction(-1, 2)


def test_a_stretch_within_is_made_between_what_stands_at_both_of_its_ends() -> None:
    stretch = Stretch(before=30, made=6, resume=36, source_frames=50)
    assert (stretch.finished, stretch.generated, stretch.replaces) == (50, 40, True)
    assert stretch.context(41) == (
        ClipCondition(role="held", first=5, frames=25),
        ClipCondition(role="held", first=36, frames=9, frame=31),
    )
    assert stretch.source_start(Fraction(24)) == 0


def test_a_stretch_that_begins_the_clip_leaves_the_time_of_the_source_as_it_is() -> None:
    assert Stretch(before=0, made=6, resume=6, source_frames=50).source_start(Fraction(24)) == 0


def test_where_only_the_sound_is_made_the_model_is_shown_all_frames() -> None:
    stretch = Stretch(before=30, made=6, resume=36, source_frames=50, is_seen=False)
    assert stretch.context(41) == (ClipCondition(role="held", first=5, frames=41),)


@given(before=st.integers(0, 80), made=st.integers(1, 80), replaced=st.booleans(), after=st.integers(0, 80))
def test_every_frame_of_the_finished_clip_is_either_kept_or_made(
    before: int, made: int, replaced: bool, after: int
) -> None:
    resume = before + made * replaced
    stretch = Stretch(before=before, made=made, resume=resume, source_frames=resume + after)
    assert stretch.finished == before + made + after
    for context in stretch.context(stretch.generated):
        assert context.frames % 8 == 1
        assert context.frames <= MOST_CONTEXT
        assert 0 <= context.first <= context.first + context.frames <= stretch.source_frames
        assert 0 <= context.frame <= context.frame + context.frames <= stretch.generated
