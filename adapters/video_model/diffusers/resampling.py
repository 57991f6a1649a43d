"""Brings sound to another number of samples per second, by a windowed sinc as torchaudio and resampy do."""

import math
from typing import Final

import torch

_ZERO_CROSSINGS: Final = 16
"""Of the sinc on each side of a sample; torchaudio's default is 6, resampy's best 64."""
_ROLLOFF: Final = 0.99
"""Where the low pass begins, as a share of the lower rate's half; torchaudio's default."""
_WEIGHTS_AT_ONCE: Final = 1 << 20
"""Float64 numbers held beside the sound: a few arrays of 8 MB, whatever the two rates are."""


def resampled(waveform: torch.Tensor, rate: int, to_rate: int) -> torch.Tensor:
    """`waveform` (channels, samples), float32 on the CPU, at `to_rate` samples per second instead of `rate`.

    It has ceil(samples * to_rate / rate) samples, the first at the same moment; beyond its ends there is silence. The
    low pass may overshoot: what lay in [-1, 1] may be a little outside.
    """
    if rate == to_rate:
        return waveform
    divisor = math.gcd(rate, to_rate)
    source, target = rate // divisor, to_rate // divisor
    length = -(-waveform.shape[1] * target // source)
    cutoff = min(1.0, target / source) * _ROLLOFF
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    taps = torch.arange(-reach, reach + 1)
    padded = torch.nn.functional.pad(waveform, (reach, reach + 1))
    at_once = max(1, _WEIGHTS_AT_ONCE // len(taps))
    at_once = at_once // target * target or at_once  # whole periods, where one is not too long: all have equal weights
    pieces: list[torch.Tensor] = []
    weights = waveform.new_empty(0)
    for start in range(0, length, at_once):
        positions = torch.arange(start, min(start + at_once, length)) * source  # in samples of the source, times target
        nearest = positions // target
        if not len(weights) or at_once % target:
            behind = (positions % target).double() / target
            weights = _windowed_sinc((taps[None] - behind[:, None]) * cutoff).mul_(cutoff).to(waveform.dtype)
        samples = padded[:, nearest[:, None] + taps[None] + reach]
        pieces.append((samples * weights[: len(nearest)]).sum(dim=2))
    return torch.cat(pieces, dim=1)


def _windowed_sinc(distances: torch.Tensor) -> torch.Tensor:
    """A sinc under a Hann window; `distances` in zero crossings."""
    inside = distances.clamp(-_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    return torch.sinc(inside).mul_(torch.cos(inside * (math.pi / 2 / _ZERO_CROSSINGS)).square_())
