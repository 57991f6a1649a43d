"""The lock files hold what pyproject.toml asks for, and torch is left to the installer."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pinned(name: str) -> dict[str, set[str]]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    pins: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", text, re.MULTILINE):
        pins.setdefault(package, set()).add(version)
    return pins


def names(requirements: list[str]) -> set[str]:
    matches = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {match[0].lower().replace("_", "-") for match in matches if match}


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime, dev = pinned("runtime.lock"), pinned("dev.lock")
    assert names(project["dependencies"]) - {"torch"} <= set(runtime)
    assert names(project["optional-dependencies"]["dev"]) <= set(runtime) | set(dev)
    assert not set(runtime) & set(dev)
    assert names(project["optional-dependencies"]["stores"]) <= set(runtime)
    for extra in ("fuzz", "servers"):
        assert names(project["optional-dependencies"][extra]) == set(pinned(f"{extra}.lock"))


def test_every_locked_package_has_hashes() -> None:
    for name, least in (("runtime.lock", 20), ("dev.lock", 20), ("servers.lock", 2), ("fuzz.lock", 1)):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
        assert len(blocks) >= least
        assert all("--hash=sha256:" in block for block in blocks)


def test_torch_is_pinned_but_not_hashed_and_the_constraints_agree_with_the_lock() -> None:
    constraints, runtime = pinned("constraints.txt"), pinned("runtime.lock")
    assert constraints["torch"] == {"2.13.0"}
    assert "torch==2.13.0" in (ROOT / "requirements" / "install.sh").read_text(encoding="utf-8")
    assert "torch" not in runtime
    assert not [package for package in runtime if package.startswith("nvidia-")]
    assert {package: constraints[package] for package in runtime} == runtime
