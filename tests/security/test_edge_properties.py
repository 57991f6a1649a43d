"""Whatever is sent, the whole edge answers it: a reply of the contract, and no bug behind it."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given, settings

from entrypoints.guard import Guard
from tests.support.drawn_requests import BATCHES, EDGE_EXAMPLES, PAYLOADS, VALID
from tests.support.edge import REFUSED, answered, refusing_guard


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # what a bug would print
    yield refusing_guard()
    structlog.reset_defaults()


@settings(max_examples=EDGE_EXAMPLES, deadline=None)
@given(PAYLOADS)
def test_any_input_ends_in_a_reply_of_the_contract(guard: Guard, payload: object) -> None:
    answered(guard, payload)


@given(VALID)
def test_a_valid_request_gets_to_the_model_or_is_over_a_limit(guard: Guard, fields: dict[str, object]) -> None:
    reply = answered(guard, fields | {"steps": 8, "height": 512, "width": 512, "num_frames": 49, "fps": 24})
    assert reply["error"].startswith(REFUSED)
    assert len(reply.get("outputs", [reply])) == fields.get("num_outputs", 1)


@settings(deadline=None)
@given(BATCHES)
def test_any_batch_ends_in_a_reply_of_the_contract_with_each_item_in_its_place(
    guard: Guard, payload: dict[str, object]
) -> None:
    reply = answered(guard, payload)
    if "outputs" in reply:
        listed = payload["batch"]
        assert isinstance(listed, list)
        assert [output["index"] for output in reply["outputs"]] == list(range(len(listed)))
        places = [f"batch[{output['index']}]" for output in reply["outputs"] for _ in output["details"]]
        paths = [detail["path"] for output in reply["outputs"] for detail in output["details"]]
        assert all(path == place or path.startswith(f"{place}.") for path, place in zip(paths, places, strict=True))


def test_what_nobody_foresaw_is_a_finding(guard: Guard) -> None:
    with pytest.raises(AssertionError, match="internal"):
        answered(Guard(guard.codec, lambda *_: 1 / 0), {"prompt": "a lake"})  # type: ignore[arg-type]  # broken on purpose
