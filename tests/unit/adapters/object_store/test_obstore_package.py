import pytest

from adapters.object_store.obstore_package import require_obstore
from domain.errors import SettingsInvalid


def test_an_installation_without_obstore_says_how_to_get_it() -> None:
    asked: list[str] = []
    with pytest.raises(SettingsInvalid, match=r"pip install '\.\[stores\]'") as caught:
        require_obstore(find=asked.append)
    assert asked == ["obstore"]
    assert [fault.path for fault in caught.value.faults] == ["STORAGE_BACKEND"]


def test_this_installation_has_it() -> None:
    require_obstore()
