"""Sound at another rate is the same sound: tones stay where they are, and what the lower rate cannot hold goes."""

import math

import pytest
import torch

from adapters.video_model.diffusers.resampling import resampled

RATES = [(48_000, 44_100), (24_000, 48_000), (48_000, 16_000), (24_000, 44_100), (48_000, 47_999), (8_000, 96_000)]


def tone(hertz: float, rate: int, samples: int) -> torch.Tensor:
    return torch.sin(2 * math.pi * hertz * torch.arange(samples, dtype=torch.float64) / rate).float()[None]


@pytest.mark.parametrize(("rate", "to_rate"), RATES)
def test_a_tone_stays_at_its_moment(rate: int, to_rate: int) -> None:
    found = resampled(tone(440, rate, rate // 4), rate, to_rate)
    expected = tone(440, to_rate, found.shape[1])
    inside = slice(to_rate // 50, -to_rate // 50)  # at both ends silence is mixed in
    assert (found - expected)[:, inside].abs().max() < 2e-3


@pytest.mark.parametrize(("rate", "to_rate"), RATES)
@pytest.mark.parametrize("samples", [1, 160, 999, 70_001])
def test_it_lasts_as_long_rounded_up(rate: int, to_rate: int, samples: int) -> None:
    assert resampled(torch.zeros(2, samples), rate, to_rate).shape == (2, -(-samples * to_rate // rate))


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    found = resampled(tone(12_000, 48_000, 12_000), 48_000, 16_000)
    assert found[:, 320:-320].abs().max() < 1e-3


def test_channels_keep_to_themselves() -> None:
    left, right = tone(440, 24_000, 2_400), tone(700, 24_000, 2_400)
    both = resampled(torch.cat([left, right]), 24_000, 44_100)
    assert torch.equal(both, torch.cat([resampled(one, 24_000, 44_100) for one in (left, right)]))


def test_the_same_rate_is_the_same_sound() -> None:
    sound = tone(440, 24_000, 100)
    assert resampled(sound, 24_000, 24_000) is sound
