"""When a job must be answered."""

import pytest

from entrypoints.deadline import deadline_of


@pytest.mark.parametrize(
    ("job", "default", "expected"),
    [
        ({}, 0.0, None),
        ({}, 570.0, 1570.0),
        ({"policy": {"executionTimeout": 600_000}}, 0.0, 1570.0),  # 30 s before the platform's kill
        ({"policy": {"executionTimeout": 600_000}}, 60.0, 1570.0),  # the job's own limit wins
        ({"policy": {"executionTimeout": 10_000}}, 0.0, 1009.0),  # a tenth of a short budget
        ({"policy": {"ttl": 5}}, 20.0, 1020.0),
        ({"policy": None}, 20.0, 1020.0),
        ({"policy": "x"}, 20.0, 1020.0),
        ({"policy": {"executionTimeout": True}}, 20.0, 1020.0),
        ({"policy": {"executionTimeout": "600"}}, 20.0, 1020.0),
        ({"policy": {"executionTimeout": 0}}, 0.0, None),
        ({"policy": {"executionTimeout": 10**400}}, 0.0, 605_770.0),  # a week is the longest that the platform takes
        ({"policy": {"executionTimeout": 1e308}}, 0.0, 605_770.0),
        ({"policy": {"executionTimeout": float("inf")}}, 0.0, 605_770.0),
        ({"policy": {"executionTimeout": float("nan")}}, 20.0, 1020.0),
        ({"policy": {"executionTimeout": -(10**400)}}, 20.0, 1020.0),
    ],
)
def test_deadline(job: dict[str, object], default: float, expected: float | None) -> None:
    assert deadline_of(job, default, now=1000.0) == expected
