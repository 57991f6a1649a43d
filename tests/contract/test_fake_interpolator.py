import pytest
from typing_extensions import override

from domain.errors import EncodeFailed
from tests.contract.interpolator_contract import NO_DEADLINE, InterpolatorContract
from tests.fakes.interpolator import FakeInterpolator
from tests.support.clips import clip_of, geometry


class TestFakeInterpolator(InterpolatorContract):
    @pytest.fixture
    @override
    def interpolator(self) -> FakeInterpolator:
        return FakeInterpolator()


def test_queued_errors_come_once() -> None:
    interpolator = FakeInterpolator()
    interpolator.fail(EncodeFailed("first"))
    interpolator.fail_check(EncodeFailed("no filter"))
    with pytest.raises(EncodeFailed, match="no filter"):
        interpolator.check()
    interpolator.check()
    with (
        pytest.raises(EncodeFailed, match="first"),
        interpolator.interpolated(clip_of(geometry()), 2, NO_DEADLINE) as it,
    ):
        list(it.chunks)
    with interpolator.interpolated(clip_of(geometry()), 4, NO_DEADLINE) as it:
        assert interpolator.open == 1
        assert len(list(it.chunks)) == 36
    assert interpolator.calls == [(9, 2), (9, 4)]
    assert interpolator.open == 0
