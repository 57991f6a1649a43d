"""An SDK that is not the one that is relied on is noticed at the start."""

from typing import Any

import pytest

from adapters.progress.runpod import RunPodProgress, checked_line, sdk_line


def session(**_: Any) -> Any: ...


async def send(session: Any, job_data: Any, job: Any, is_stream: bool = False) -> None: ...


def no_options() -> Any: ...


def not_asynchronous(session: Any, job_data: Any, job: Any) -> None: ...


async def other_order(session: Any, job: Any, job_data: Any) -> None: ...


async def fewer(session: Any, job_data: Any) -> None: ...


def test_the_installed_sdk_is_as_expected() -> None:
    line = sdk_line()
    assert (line.session.__name__, line.send.__name__) == ("AsyncClientSession", "send_result")


def test_a_line_of_what_is_expected() -> None:
    line = checked_line(session=session, send=send)
    assert (line.session, line.send) == (session, send)
    assert (RunPodProgress(line=line).interval, RunPodProgress(line=line).cap) == (1.0, 2.0)


@pytest.mark.parametrize("odd", [not_asynchronous, other_order, fewer])
def test_another_call_is_refused(odd: Any) -> None:
    with pytest.raises(RuntimeError, match="version of runpod"):
        checked_line(session=session, send=odd)


def test_a_session_that_cannot_be_watched_is_refused() -> None:
    with pytest.raises(RuntimeError, match="version of runpod"):
        checked_line(session=no_options, send=send)
