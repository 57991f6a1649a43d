"""What import-linter cannot see: allow-lists, the container, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch", "diffusers", "transformers", "av", "storage3", "supabase", "obstore", "runpod", "httpx", "numpy", "PIL",
    "accelerate", "safetensors", "huggingface_hub",
)  # fmt: skip


def imported_roots(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [("domain", {"attrs", "domain"}), ("application", {"attrs", "application", "domain"})],
)
def test_inner_layers_import_attrs_and_the_standard_library_only(folder: str, allowed: set[str]) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imported_roots(path)
        if name not in allowed | sys.stdlib_module_names
    }
    assert len(files) > 5
    assert strangers == set()


def test_only_the_container_imports_dependency_injector_and_only_entrypoints_import_the_container() -> None:
    sources = [path for path in ROOT.glob("*.py") if path.name != "container.py"]
    for folder in ("domain", "application", "adapters", "entrypoints"):
        sources += sorted((ROOT / folder).rglob("*.py"))
    injecting = [path for path in sources if "dependency_injector" in imported_roots(path)]
    wired = {path.relative_to(ROOT).parts[0] for path in sources if "container" in imported_roots(path)}
    assert injecting == []
    assert wired == {"entrypoints"}


def test_the_container_imports_no_vendor_but_dependency_injector_when_it_is_loaded() -> None:
    tree = ast.parse((ROOT / "container.py").read_text(encoding="utf-8"))
    roots = {
        name.split(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert roots - sys.stdlib_module_names == {"dependency_injector", "adapters", "application", "domain"}


@pytest.mark.parametrize("module", ["container", "entrypoints.cli", "entrypoints.runpod_worker"])
def test_importing_a_door_loads_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_test_and_no_code_patches_objects_with_mocks() -> None:
    mocked = [
        str(path.relative_to(ROOT))
        for folder in ("domain", "application", "adapters", "entrypoints", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if {"unittest", "mock"} & set(imported_roots(path))
    ]
    assert mocked == []


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = tracked.stdout.split()
    long = {name: n for name in files if (n := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > 300}
    assert len(files) > 50
    assert long == {}
