"""While a large library is imported for the first time nothing is collected; afterwards the collector works again."""

import gc
from collections.abc import Iterator

import pytest

from adapters.video_model.uncollected import uncollected


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.enable()


def test_what_a_library_brings_is_frozen() -> None:
    with uncollected("a_library_that_is_not_there"):
        assert not gc.isenabled()
        assert gc.get_freeze_count() == 0
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000


def test_a_library_that_is_there_changes_nothing() -> None:
    with uncollected("json"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_process_that_collects_nothing_stays_so() -> None:
    gc.disable()
    with uncollected("a_library_that_is_not_there"):
        assert not gc.isenabled()
    assert not gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_an_import_that_fails_freezes_nothing() -> None:
    with pytest.raises(ImportError), uncollected("a_library_that_is_not_there"):
        raise ImportError
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
