"""No engine builds the image here, so the Dockerfile is read: its paths, its command, its defaults."""

import re
import shlex
from pathlib import Path

import pytest

from adapters.settings.variables import TABLE

ROOT = Path(__file__).resolve().parents[2]
INSTALL = "requirements/install.sh"


def instructions(name: str) -> list[str]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    return [line.split(None, 1)[1] for line in text.splitlines() if line.split(None, 1)[:1] == [name]]


def copied() -> list[str]:
    return [source for line in instructions("COPY") for source in shlex.split(line)[:-1]]


def test_every_copied_path_exists() -> None:
    missing = [source for source in copied() if not (ROOT / source).exists()]
    assert len(copied()) > 5
    assert missing == []


def test_everything_that_the_worker_imports_is_copied() -> None:
    sources = {source.strip("/") for source in copied()}
    assert {"domain", "application", "adapters", "entrypoints", "container.py", "handler.py", "requirements"} <= sources


def test_the_build_context_holds_what_is_copied_and_no_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {f"!{source.strip('/')}" for source in copied()} <= set(lines)
    assert "*" in lines
    assert ".env" in lines


def test_image_and_makefile_install_with_the_same_script() -> None:
    assert any(INSTALL in line for line in instructions("RUN"))
    assert INSTALL in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_worker_runs_as_a_user_without_rights() -> None:
    assert instructions("USER") == ["worker"]


def test_the_command_is_the_documented_one() -> None:
    assert instructions("CMD") == ['["python", "-u", "-m", "entrypoints.runpod_worker"]']


def test_bytecode_is_there_whatever_becomes_of_time_stamps() -> None:
    compiled = [re.findall(r"compileall [^&]*", line) for line in instructions("RUN")]
    commands = [shlex.split(command) for found in compiled for command in found]
    (base,) = instructions("FROM")
    version = base.partition(":")[2].partition("-")[0]
    assert [command[-1] for command in commands] == ["/opt/venv/lib", "."]
    assert f"/usr/local/lib/python{version}" in commands[0]
    for command in commands:
        assert "-f" in command
        assert command[command.index("--invalidation-mode") + 1] == "unchecked-hash"


@pytest.mark.parametrize(
    "default",
    [
        "HF_HOME=/runpod-volume/huggingface-cache",
        "HF_HUB_CACHE=/runpod-volume/huggingface-cache/hub",
        "RUNPOD_LOG_LEVEL=INFO",
        "MODEL_NAME=Lightricks/LTX-2",
        "DEVICE=cuda",
    ],
)
def test_the_contracts_defaults_are_set(default: str) -> None:
    assert default in shlex.split(" ".join(instructions("ENV")))


def test_every_variable_that_the_image_sets_is_known() -> None:
    foreign = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR", "RUNPOD_LOG_LEVEL"}
    foreign |= {"MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "PYTORCH_CUDA_ALLOC_CONF"}
    names = {pair.partition("=")[0] for pair in shlex.split(" ".join(instructions("ENV")))}
    assert names - foreign <= set(TABLE)
