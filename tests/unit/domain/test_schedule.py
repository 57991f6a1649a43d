"""Sigmas."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.schedule import DISTILLED_SIGMAS, REFINEMENT_SIGMAS, AnchoredSchedule, DynamicSchedule, FixedSchedule


def test_the_anchored_schedule_is_the_makers() -> None:
    """Worked out by hand from the formula: shift by e^2.05, then stretch 1 - sigma so that the last is 0.1."""
    shifted = [7.7679 / (7.7679 + 7 / k - 1) for k in range(7, 0, -1)]
    expected = [1 - (1 - sigma) * 0.9 / (1 - shifted[-1]) for sigma in shifted]
    assert AnchoredSchedule(7).sigmas == pytest.approx(expected, abs=1e-5)


@given(st.integers(min_value=2, max_value=200))
def test_the_anchored_schedule_falls_from_pure_noise_to_a_tenth(steps: int) -> None:
    sigmas = AnchoredSchedule(steps).sigmas
    assert len(sigmas) == steps
    assert sigmas[0] == 1.0
    assert sigmas[-1] == pytest.approx(0.1)
    assert all(earlier > later for earlier, later in itertools.pairwise(sigmas))


def test_a_fixed_schedule_has_a_step_for_each_sigma() -> None:
    assert FixedSchedule(DISTILLED_SIGMAS).steps == 8
    assert FixedSchedule(REFINEMENT_SIGMAS).steps == 3


def test_the_checkpoints_own_schedule_is_not_known_before_the_clip() -> None:
    assert DynamicSchedule(30).sigmas is None
