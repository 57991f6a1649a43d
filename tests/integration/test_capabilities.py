"""Every row of the table of capabilities, asked for through the handler: what is listed is made, the rest refused."""

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.video_model.diffusers.engine import Engine
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.video_model import DiffusersModel
from adapters.video_model.tiny.adapter import LORA_FILE
from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from domain.capabilities import CAPABILITIES
from domain.errors import ModelUnavailable
from entrypoints import capabilities
from entrypoints.guard import Guard
from tests.support.lora_files import linear_sizes, tensors_for, written
from tests.support.media_files import media
from tests.support.requests_of_rows import CLIP, FIELDS_OF_ROWS, LORA
from tests.support.tiny import tiny_config

MODELS: Final = ("synthetic", "builtin/tiny", "builtin/tiny-2.3", "builtin/tiny-2.5", "bare")
"""`bare`: tiny 2.0 without latent upsampler, LoRA and processor."""

LACKS: Final = {
    "synthetic": {"enhance_prompt", "num_frames: null"},
    "builtin/tiny": {"num_frames: null"},
    "builtin/tiny-2.3": {"num_frames: null"},
    "builtin/tiny-2.5": {"enhance_prompt"},
    "bare": {"quality", "upscale", "enhance_prompt", "num_frames: null"},
}
SMALL: Final[dict[str, Any]] = {"prompt": "a dog", "seed": 5, "steps": 2, "width": 64, "height": 64, "num_frames": 9}


def bare_snapshot(hub_cache: Path, folder: Path) -> Path:
    shutil.copytree(locate(tiny_config(hub_cache)).path, folder)
    (folder / LORA_FILE).unlink()
    for part in ("latent_upsampler", "processor"):
        shutil.rmtree(folder / part)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "processor": [None, None]}))
    return folder


@pytest.fixture(scope="module", params=MODELS)
def worker(
    request: pytest.FixtureRequest, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Container]:
    folder = tmp_path_factory.mktemp("worker")
    environ = {
        "MODEL_BACKEND": "synthetic" if request.param == "synthetic" else "diffusers",
        "MODEL_NAME": "builtin/tiny" if request.param in {"synthetic", "bare"} else request.param,
        "DTYPE": "float32",
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub_cache),
        "HOME": str(hub_cache),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "outputs"),
        "LORA_DIR": str(folder),
        "INPUT_PREFIX": "inputs",
    }
    clip = folder / "outputs" / CLIP
    clip.parent.mkdir(parents=True)
    clip.write_bytes(media())
    if request.param == "bare":
        environ["MODEL_PATH"] = str(bare_snapshot(hub_cache, folder / "bare"))
    container = open_container(environ)
    model = container.model()
    if isinstance(model, DiffusersModel):
        sizes = linear_sizes(model._ready().components.by_name["transformer"])
        written(folder / LORA, tensors_for(sizes, "transformer"))
    return request.param, container


def reply_to(container: Container, fields: dict[str, Any]) -> dict[str, Any]:
    operation = capabilities.as_operation(container.codec(), container.list_offers())
    guard = Guard(container.codec(), container.generate_video(), {"capabilities": operation})
    return dict(json.loads(json.dumps(guard(fields, Job(id="job"), JobControl()), allow_nan=False)))


def listed(container: Container) -> dict[str, list[str]]:
    reply = reply_to(container, {"mode": "capabilities"})
    assert reply["ok"] is True, reply
    rows = [*reply["modes"], *reply["presets"], *reply["fields"]]
    assert all(row["available"] == (row["lacks"] == []) for row in rows)
    return {row["name"]: row["lacks"] for row in rows}


def test_what_is_listed_is_what_these_checkpoints_have(worker: tuple[str, Container]) -> None:
    name, container = worker
    assert {row for row, lacks in listed(container).items() if lacks} == LACKS[name]


@pytest.mark.parametrize("row", CAPABILITIES, ids=lambda row: row.name)
def test_a_row_is_made_or_refused_as_it_is_listed(worker: tuple[str, Container], row: Any) -> None:
    name, container = worker
    lacks = listed(container)[row.name]
    reply = reply_to(container, SMALL | FIELDS_OF_ROWS[row.name])
    if row.name in LACKS[name]:
        assert reply["code"] == "invalid_input"
        (fault,) = reply["details"]
        assert fault["path"] == row.path
        assert f"needs {' and '.join(lacks)}, which this checkpoint lacks; " in fault["message"]
    else:
        assert reply["ok"] is True, reply
        assert reply["mode"] == FIELDS_OF_ROWS[row.name].get("mode", "t2v")


def test_seconds_and_shape_are_made_exactly(worker: tuple[str, Container]) -> None:
    _, container = worker
    worded = {"prompt": "a dog", "seed": 5, "steps": 2, "seconds": 0.04, "fps": 29.97, "aspect_ratio": "21:9"}
    reply = reply_to(container, worded)
    assert reply["ok"] is True, reply
    meta = reply["meta"]
    assert [meta[name] for name in ("num_frames", "width", "height", "frame_rate")] == [1, 784, 336, "30000/1001"]
    plain = {"num_frames": 1, "width": 784, "height": 336}
    kept = {name: value for name, value in worded.items() if name not in {"seconds", "aspect_ratio"}}
    assert reply_to(container, kept | plain)["storage"]["sha256"] == reply["storage"]["sha256"]


def test_the_files_tell_it_all_and_no_weights_are_read(hub_cache: Path) -> None:
    def refuse(_: object) -> Engine:
        pytest.fail("the weights were loaded")

    model = DiffusersModel(tiny_config(hub_cache, "builtin/tiny-2.5"), load_engine=refuse)
    assert model.describe().checkpoint.has_duration_head


def test_nothing_is_downloaded_to_tell(hub_cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="org/none is not in the Hub cache: what it can do is known once it is"):
        DiffusersModel(tiny_config(hub_cache, "org/none")).describe()
