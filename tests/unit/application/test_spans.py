"""Spans add up on one clock."""

import itertools

import pytest

from application.spans import Spans


def test_spans_of_one_name_add_up_also_those_that_fail() -> None:
    spans = Spans(itertools.count().__next__)
    with spans.span("encode"):
        pass
    with pytest.raises(KeyError), spans.span("encode"):
        raise KeyError
    with spans.span("upload"):
        pass
    assert (spans.seconds("encode"), spans.seconds("upload"), spans.seconds("fetch")) == (2, 1, 0)
    assert spans.total() == 7
