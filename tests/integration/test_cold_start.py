"""A start in counts, not seconds: what begins before what, what is imported, what is started."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.video_model.diffusers.location import locate
from tests.support.tiny import tiny_config
from tests.support.worker_process import WorkerProcess

JOB: Final = {"id": "job-1", "input": {"prompt": "a dog", "seed": 1, "width": 64, "height": 64, "num_frames": 9}}
MOST_MODULES: Final = 4600
"""Of a worker that has made a clip; those of the floor (the SDK, torch and LTX2Pipeline) are 3,600."""

WEIGHTS: Final = ("text_encoder", "connectors", "transformer", "latent_upsampler", "vae", "audio_vae", "vocoder")

NOT_NEEDED: Final = frozenset({
    "supabase", "storage3", "obstore", "torchvision", "torchaudio", "torchao", "scipy", "pandas", "sklearn",
    "matplotlib", "IPython", "imageio", "cv2", "uvicorn", "moto", "pytest", "onnxruntime",
})  # fmt: skip
"""Other stores, other doors, optional extras of the libraries: installed here, and no part of a start."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, hub_cache: Path) -> dict[str, Any]:
    """What `tests.support.watched_start` noted while a worker started, made a clip and ended."""
    locate(tiny_config(hub_cache))
    folder = tmp_path_factory.mktemp("start")
    settings = {
        "MODEL_NAME": "builtin/tiny",
        "HF_HUB_CACHE": str(hub_cache),
        "DEVICE": "cpu",
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "store"),
    }
    command = ("-m", "tests.support.watched_start", str(folder / "report"), "--test_input", json.dumps(JOB))
    with WorkerProcess(folder, settings, command=command) as worker:
        assert worker.wait_exit() == 0, worker.output()
    assert list((folder / "store").rglob("*.mp4"))
    return dict(json.loads((folder / "report").read_text(encoding="utf-8")))


@pytest.mark.parametrize("first", ["reading text_encoder", "process -s -P -m adapters.image_fetcher.child"])
@pytest.mark.parametrize("later", ["torch", "diffusers", "transformers", "av"])
def test_weights_are_read_and_the_decoder_starts_before_libraries_are_imported(
    start: dict[str, Any], first: str, later: str
) -> None:
    events = start["events"]
    begun = next(number for number, event in enumerate(events) if event.startswith(first))
    assert begun < events.index(f"import {later}")


def test_weights_are_read_in_the_order_of_their_use(start: dict[str, Any]) -> None:
    read = [event.partition(" ")[2] for event in start["events"] if event.startswith("reading ")]
    assert set(read) == set(WEIGHTS)
    assert read.index("text_encoder") < read.index("vae")


def test_no_python_is_started_but_the_decoders(start: dict[str, Any]) -> None:
    """The SDK's import would start one for the processor's name, which takes a second."""
    started = [
        event for event in start["events"] if event.startswith("process ") and (" -m " in event or "cpuinfo" in event)
    ]
    assert len(started) == 1, started


def test_nothing_is_imported_that_no_start_needs(start: dict[str, Any]) -> None:
    assert {name.partition(".")[0] for name in start["modules"]} & NOT_NEEDED == set()
    assert len(start["modules"]) < MOST_MODULES


def test_nothing_is_imported_twice(start: dict[str, Any]) -> None:
    assert start["twice"] == []
    assert "entrypoints.runpod_worker" not in start["modules"]


def test_what_the_libraries_brought_is_no_longer_collected(start: dict[str, Any]) -> None:
    assert start["frozen"] > 200_000
