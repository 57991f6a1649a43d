"""What a job asks for, with RunPod's `s3Config` beside its input."""

from typing import Any

import pytest

from entrypoints.job_fields import fields_of

TARGET = {"accessId": "a"}


@pytest.mark.parametrize(
    ("job", "fields"),
    [
        ({"input": {"prompt": "a"}}, {"prompt": "a"}),
        ({"input": {"prompt": "a"}, "s3Config": TARGET}, {"prompt": "a", "s3Config": TARGET}),
        ({"input": {"s3Config": None}, "s3Config": TARGET}, {"s3Config": TARGET}),
        ({"input": {"s3Config": {}}, "s3Config": TARGET}, {"s3Config": {}}),
        ({"input": {"prompt": "a"}, "s3Config": None}, {"prompt": "a"}),
        ({"input": {"prompt": "a"}, "s3Config": 5}, {"prompt": "a", "s3Config": 5}),
        ({"input": "x", "s3Config": TARGET}, "x"),
        ({"input": None, "s3Config": TARGET}, None),
        ({}, None),
    ],
)
def test_it_becomes_a_field_of_the_input(job: dict[str, Any], fields: object) -> None:
    assert fields_of(job) == fields


def test_the_job_is_left_as_it_was() -> None:
    job = {"input": {"prompt": "a"}, "s3Config": TARGET}
    fields_of(job)
    assert job == {"input": {"prompt": "a"}, "s3Config": TARGET}
