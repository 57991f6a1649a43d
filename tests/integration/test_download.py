"""A model that is nowhere on the disk is downloaded from the Hub: what is used, and nothing else."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.video_model.diffusers.inventory import COMPONENTS, missing_files
from adapters.video_model.diffusers.location import locate
from tests.support.hub_server import COMMIT, HubServer
from tests.support.tiny import tiny_config

ROOT = Path(__file__).resolve().parents[2]
NAME = "Lightricks/LTX-2"


@pytest.fixture
def hub(hub_cache: Path, tmp_path: Path) -> Iterator[HubServer]:
    folder = tmp_path / "repository"
    shutil.copytree(locate(tiny_config(hub_cache)).path, folder)
    (folder / "ltx-2-19b-dev.safetensors").write_bytes(b"a single-file checkpoint of 40 GB")
    (folder / "transformer_full").mkdir()
    (folder / "transformer_full" / "model.safetensors").write_bytes(b"another transformer")
    (folder / "prompt_enhancer").mkdir()
    (folder / "prompt_enhancer" / "model.safetensors").write_bytes(b"a language model of 10 GB")
    for version in ("", "-1.1"):
        (folder / f"ltx-2-19b-distilled-lora-384{version}.safetensors").write_bytes(b"7 GB")
    with HubServer(NAME, folder) as hub:
        yield hub


def generate(folder: Path, hub: HubServer, **environment: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "generate", "--prompt", "a", "--size", "64x64", "--num-frames", "9",
         "--steps", "2"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "OMP_NUM_THREADS": "1",
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "MODEL_NAME": NAME,
            "DEVICE": "cpu",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(folder / "outputs"),
            "LOG_FORMAT": "json",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return json.loads(done.stdout), lines


def fetched(hub: HubServer) -> set[str]:
    """Folders, and files at the root, of which something was downloaded."""
    return {file.partition("/")[0] for method, file in hub.requested if method == "GET"}


def fetch(folder: Path, hub: HubServer, **settings: Any) -> Path:
    """Locate in a process of its own, which is told where its Hub is; the snapshot."""
    code = (
        "from adapters.video_model.config import ModelConfig; from pathlib import Path; import sys, json\n"
        "from adapters.video_model.diffusers.location import locate\n"
        "config = ModelConfig(name=sys.argv[1], hub_cache=Path(sys.argv[2]), **json.loads(sys.argv[3]))\n"
        "print(locate(config).path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, NAME, str(folder / "cache"), json.dumps(settings)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf")},
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.splitlines()[-1])


def test_a_distilled_checkpoint_needs_no_distilled_lora(hub: HubServer, tmp_path: Path) -> None:
    scheduler = hub.folder / "scheduler" / "scheduler_config.json"
    scheduler.write_text(json.dumps({**json.loads(scheduler.read_text()), "use_dynamic_shifting": False}))
    found = fetch(tmp_path, hub)
    assert fetched(hub) == {*COMPONENTS, "model_index.json", "latent_upsampler", "processor"}
    assert found.name == COMMIT
    assert missing_files(found, enhancer=False) == ()
    assert (tmp_path / "cache" / "models--Lightricks--LTX-2" / "refs" / "main").read_text() == COMMIT


def test_the_prompt_enhancer_is_downloaded_where_it_is_asked_for(hub: HubServer, tmp_path: Path) -> None:
    fetch(tmp_path, hub, prompt_enhancer=True)
    assert "prompt_enhancer" in fetched(hub)


def test_what_an_older_download_lacks_is_fetched_and_nothing_twice(hub: HubServer, tmp_path: Path) -> None:
    found = fetch(tmp_path, hub)
    lost = found / "latent_upsampler" / "diffusion_pytorch_model.safetensors"
    lost.resolve().unlink()
    lost.unlink()
    hub.requested.clear()
    fetch(tmp_path, hub)
    assert [file for method, file in hub.requested if method == "GET"] == [str(lost.relative_to(found))]


def test_only_what_is_used_is_downloaded_once_and_told(hub: HubServer, tmp_path: Path) -> None:
    reply, lines = generate(tmp_path, hub)
    assert reply["ok"] is True, reply
    assert reply["meta"]["model"] == {"name": NAME, "revision": COMMIT, "family": "ltx-2"}
    told = [line for line in lines if line["event"] == "Cached model not found, will download from HuggingFace"]
    assert [(line["level"], line["model"]) for line in told] == [("warning", NAME)]
    assert hub.url not in str(lines)
    assert fetched(hub) == {
        *COMPONENTS,
        "model_index.json",
        "latent_upsampler",
        "processor",
        "ltx-2-19b-distilled-lora-384-1.1.safetensors",
    }

    hub.requested.clear()
    again, lines = generate(tmp_path, hub)
    assert again["ok"] is True
    assert hub.requested == []
    assert not [line for line in lines if "will download" in line["event"]]


def test_a_file_that_cannot_be_had_is_model_unavailable(hub: HubServer, tmp_path: Path) -> None:
    hub.missing.add("vae/diffusion_pytorch_model.safetensors")
    reply, _ = generate(tmp_path, hub)
    assert (reply["ok"], reply["code"], reply["retryable"]) == (False, "model_unavailable", True)
    assert "could not be downloaded from HuggingFace" in reply["error"]
    assert str(tmp_path) not in reply["error"]
    assert "127.0.0.1" not in reply["error"]


def test_where_no_download_is_allowed_the_hub_is_not_asked(hub: HubServer, tmp_path: Path) -> None:
    reply, _ = generate(tmp_path, hub, MODEL_DOWNLOAD="false")
    assert reply["code"] == "model_unavailable"
    assert "Cached Models" in reply["error"]
    assert hub.requested == []


def test_a_hub_that_does_not_answer_is_model_unavailable(hub: HubServer, tmp_path: Path) -> None:
    hub.__exit__(None, None, None)
    reply, _ = generate(tmp_path, hub)
    assert (reply["ok"], reply["code"]) == (False, "model_unavailable")
    assert "127.0.0.1" not in reply["error"]
