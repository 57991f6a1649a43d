"""Each store is complete: docs/adding-a-store.md names five places, and here is what looks for them."""

import re
from pathlib import Path
from typing import get_args

import pytest

from adapters.object_store.config import Backend
from adapters.settings.stores.registry import STORES
from adapters.settings.variable import rows_of
from adapters.settings.variables import TABLE
from container import Container
from tests.contract.object_store_contract import ObjectStoreContract

ROOT = Path(__file__).resolve().parents[2]
BACKENDS: tuple[str, ...] = get_args(Backend)
GUIDE = (ROOT / "docs" / "adding-a-store.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "stores.md").read_text(encoding="utf-8")


def test_each_store_has_its_settings_and_no_variable_is_anothers() -> None:
    assert set(STORES) == set(BACKENDS)
    names = [name for kind in STORES.values() for name in rows_of(kind.variables)]
    assert len(names) == len(set(names))
    assert set(names) < set(TABLE)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_store_has_an_adapter_and_a_module_of_settings(backend: str) -> None:
    assert (ROOT / "adapters" / "object_store" / f"{backend}.py").is_file()
    assert (ROOT / "adapters" / "settings" / "stores" / f"{backend}.py").is_file()


def test_each_store_has_a_branch_and_a_builder_in_the_container() -> None:
    branches = Container.plain_store.providers  # type: ignore[attr-defined]  # it is a Selector
    assert set(branches) == set(BACKENDS)
    assert {name: branch.cls.__name__ for name, branch in branches.items()} == {
        backend: f"build_{backend}_store" for backend in BACKENDS
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_store_keeps_the_contract(backend: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    module = re.compile(rf"^from adapters\.object_store\.{backend} import", re.MULTILINE)
    subclass = re.compile(rf"^class \w+\(.*\b{ObjectStoreContract.__name__}\b.*\):", re.MULTILINE)
    assert any(module.search(text) and subclass.search(text) for text in texts)


def test_each_store_has_a_row() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(BACKENDS)


@pytest.mark.parametrize("page", [GUIDE, PAGE], ids=["guide", "page"])
def test_every_file_and_variable_that_the_pages_name_exists(page: str) -> None:
    named = set(re.findall(r"`((?:adapters|application|tests)/[\w/]+(?:\.py)?)`", page))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    variables = set(re.findall(r"\b(?:S3|GCS|AZURE|BUCKET)_[A-Z_]*[A-Z]\b", page))
    assert variables <= set(TABLE)
    assert named or variables


def test_the_guide_shows_lines_of_the_code() -> None:
    shown = re.findall(
        r"^   ( *\S.*?)(?:  # .*)?$", "\n".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)), re.MULTILINE
    )
    code = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("adapters/object_store/gcs.py", "container.py")
    )
    lines = {line.strip() for line in code.splitlines()}
    assert len(shown) > 10
    assert [line for line in shown if line.strip() not in lines and "hidden" not in line] == []
