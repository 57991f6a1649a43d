"""Ways to do the same thing, measured in turns, so that a busy machine is busy for all of them."""

import statistics
from collections.abc import Callable, Mapping, Sequence

Runs = Mapping[str, Sequence[float]]
"""Seconds (or whatever was measured) of each run, by the name of the way."""


def in_turns(ways: Mapping[str, Callable[[], float]], *, runs: int, warm: int = 0) -> dict[str, list[float]]:
    """What each way returns, `runs` times, one after the other in each round; `warm` rounds before that do not count.

    Each round begins with another way: what one leaves behind (page cache, clock speed) helps all of them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(warm + runs):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            measured = ways[name]()
            if number >= warm:
                taken[name].append(measured)
    return taken


def ratio_of_least(runs: Runs, name: str, other: str) -> float:
    """The least of `name` over the least of `other`: what disturbs a run only makes it slower."""
    return min(runs[name]) / min(runs[other])


def table(runs: Runs, *, head: str, unit: str = "s") -> str:
    """Least, median and most of each way, a line each."""
    width = max(len(head), *(len(name) for name in runs))
    columns = [f"{statistic} {unit}" for statistic in ("least", "median", "most")]
    lines = [f"{head:{width}}" + "".join(f"{column:>14}" for column in columns)]
    for name, taken in runs.items():
        figures = (min(taken), statistics.median(taken), max(taken))
        lines.append(f"{name:{width}}" + "".join(f"{figure:14.4g}" for figure in figures))
    return "\n".join(lines)
