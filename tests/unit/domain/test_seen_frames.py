"""What a model is shown, counted for the estimate of its memory."""

import pytest

from domain.conditions import ClipCondition, Condition
from domain.seen_frames import SeenFrames

FIRST, LATER = (Condition(frame=frame, strength=1, crf=33) for frame in (0, 5))
PREFIX = ClipCondition(role="held", first=0, frames=25)
SUFFIX = ClipCondition(role="held", first=0, frames=17, frame=40)
REFERENCE = ClipCondition(role="reference", first=0, frames=121)


@pytest.mark.parametrize(
    ("conditions", "clips", "first", "later"),
    [
        ((), (), (0, 0), (0, 0)),
        ((FIRST,), (), (1, 0), (1, 0)),
        ((FIRST, LATER, LATER), (), (1, 2), (1, 2)),
        ((), (PREFIX,), (25, 0), (25, 0)),
        ((), (PREFIX, SUFFIX), (25, 3), (25, 3)),
        ((LATER,), (SUFFIX,), (17, 4), (17, 4)),
        ((), (REFERENCE,), (121, 16), (0, 0)),
        ((FIRST,), (REFERENCE,), (121, 16), (1, 0)),
    ],
)
def test_each_stage_is_shown_what_the_plan_says(
    conditions: tuple[Condition, ...],
    clips: tuple[ClipCondition, ...],
    first: tuple[int, int],
    later: tuple[int, int],
) -> None:
    seen = SeenFrames(conditions=conditions, clips=clips)
    for expected, is_first in ((first, True), (later, False)):
        assert (seen.at_once(121, is_first=is_first), seen.appended_latents(121, is_first=is_first)) == expected


def test_no_clip_is_longer_than_the_canvas() -> None:
    seen = SeenFrames(clips=(REFERENCE,))
    assert (seen.at_once(33, is_first=True), seen.appended_latents(33, is_first=True)) == (33, 5)
