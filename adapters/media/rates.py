"""Whether frames come at one rate, told by their times."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

_NEAR: Final = Fraction(5, 1000)
_NTSC: Final = Fraction(1000, 1001)


def steady_rate(times: Iterable[int], tick: Fraction, claimed: Fraction) -> Fraction | None:
    """The rate at which each of `times` (in ticks, in any order) has its frame; None: there is none.

    A clock of milliseconds cannot show 24 frames a second exactly, so each time may be off by one tick. The header's
    rate is tried, and the whole and the NTSC rate that are near it: headers round as well.
    """
    shown = sorted(set(times))
    return next((rate for rate in _candidates(claimed) if _fits(shown, tick, rate)), None)


def _candidates(claimed: Fraction) -> list[Fraction]:
    rounded = [Fraction(round(claimed)), round(claimed / _NTSC) * _NTSC]
    return [rate for rate in rounded if rate > 0 and abs(rate - claimed) <= _NEAR] + [claimed]


def _fits(shown: list[int], tick: Fraction, rate: Fraction) -> bool:
    return all(abs((time - shown[0]) * tick - index / rate) <= tick for index, time in enumerate(shown))
