from pathlib import Path

import pytest

from adapters.object_store.obstore_package import require_obstore
from domain.errors import SettingsInvalid

ROOT = Path(__file__).resolve().parents[4]


def test_an_installation_without_obstore_says_how_to_get_it() -> None:
    asked: list[str] = []
    with pytest.raises(SettingsInvalid, match=r"\(requirements/install\.sh\)") as caught:
        require_obstore(find=asked.append)
    assert asked == ["obstore"]
    assert "requirement" in (ROOT / "requirements" / "install.sh").read_text(encoding="utf-8")
    assert "\nobstore==" in (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    assert [fault.path for fault in caught.value.faults] == ["STORAGE_BACKEND"]


def test_this_installation_has_it() -> None:
    require_obstore()
