"""What a job asks for: its `input`, and what RunPod's API takes beside it."""

from collections.abc import Mapping
from typing import Any, Final

_TARGET: Final = "s3Config"
"""RunPod hands it to the worker as the caller sent it, beside `input`, and leaves the upload to the worker."""


def fields_of(job: Mapping[str, Any]) -> object:
    """The job's `input`, as it came, with `s3Config` in it if the job has one beside; the one inside counts more."""
    fields, target = job.get("input"), job.get(_TARGET)
    if not isinstance(fields, dict) or target is None or fields.get(_TARGET) is not None:
        return fields
    return {**fields, _TARGET: target}
