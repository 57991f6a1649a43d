"""Nothing but slugs become paths, and nothing is written outside of the job's own folder and the store's."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from typing_extensions import override

from adapters.settings.environment import read_settings
from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.lora.library import LoraLibrary
from adapters.video_model.snapshot import RepositoryCache
from domain.errors import InvalidValue, ModelUnavailable, SettingsInvalid, WorkerError
from domain.lora import Lora, LoraSource, WeightName
from tests.security.hostile_names import NAMES
from tests.support.hub_server import COMMIT, HubServer
from tests.support.lora_files import pair, written
from tests.support.opened_files import OpenedFiles

ROOT: Final = Path(__file__).resolve().parents[2]
SLUG: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
LAYER: Final = "transformer.transformer_blocks.0.attn1.to_q"


def test_there_are_enough_names() -> None:
    assert len(set(NAMES.values())) == len(NAMES) >= 40


# --- jobs ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Run:
    """What came of the jobs in `folder`, where everything is that a process finds by itself: home, temporary files."""

    folder: Path
    replies: list[tuple[str, str, str | None, str | None]]
    written: list[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("machine")
    for name in ("home", "tmp", "cwd"):
        (folder / name).mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
    }
    command = [sys.executable, "-m", "tests.security.path_jobs", str(folder)]
    done = subprocess.run(command, cwd=folder / "cwd", env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer = json.loads(done.stdout)
    return Run(folder, [tuple(reply) for reply in answer["replies"]], answer["written"])


def test_every_job_is_answered_and_none_with_an_accident(run: Run) -> None:
    assert {(case, field) for field, case, _, _ in run.replies} >= {
        (case, field) for case in NAMES for field in ("job id", "file_name", "idempotency_key", "prefix")
    }
    assert [reply for reply in run.replies if reply[2] == "internal"] == []
    assert all(code is None for field, _, code, _ in run.replies if field == "job id")  # any id is served


def test_everything_that_is_written_lies_in_the_jobs_folder_or_the_store(run: Run) -> None:
    own = re.compile(rf"{re.escape(str(run.folder))}/(tmp/ltx2-job-[a-z0-9_]{{8}}|outputs)(/.*)?", re.DOTALL)
    null = "/dev/null"  # where the picture decoder's process has its standard output
    assert [path for path in run.written if not own.fullmatch(path) and path != null] == []
    assert len([path for path in run.written if path.startswith(f"{run.folder}/outputs/ltx2/")]) > len(NAMES)
    assert len([path for path in run.written if "/ltx2-job-" in path]) > len(NAMES)


def test_nothing_else_has_come_into_being_and_no_job_leaves_a_file(run: Run) -> None:
    """Also by code that is not Python's: FFmpeg writes the files."""
    assert sorted(path.name for path in run.folder.iterdir()) == ["cwd", "home", "outputs", "tmp"]
    assert [path for name in ("cwd", "home", "tmp") for path in (run.folder / name).rglob("*")] == []


def test_names_on_the_disk_are_slugs(run: Run) -> None:
    store = run.folder / "outputs" / "ltx2"
    found = [path.relative_to(store) for path in store.rglob("*") if path.is_file() and path.name[0] != "."]
    assert len(found) > 2 * len(NAMES)  # clips and records
    assert {len(path.parts) for path in found} == {2, 3}
    assert [path for path in found if not all(map(SLUG.fullmatch, path.parts))] == []
    assert all(path.parts[0] == "_jobs" or re.fullmatch(r"\d{4}-\d\d-\d\d", path.parts[0]) for path in found)


def test_keys_are_slugs_and_ids_that_read_alike_stay_apart(run: Run) -> None:
    paths = [path for field, _, _, path in run.replies if field == "job id"]
    assert len(set(paths)) == len(NAMES)
    for field, _, _, path in run.replies:
        if path is not None and field != "prefix":
            assert all(SLUG.fullmatch(segment) for segment in path.split("/"))


def test_a_prefix_of_the_settings_is_made_of_slugs_or_refused() -> None:
    environ = {"SUPABASE_URL": "https://a.supabase.co", "HOME": "/h"}
    environ["SUPABASE_SECRET_KEY"] = "sb_secret_canary"  # pragma: allowlist secret
    taken = []
    for name in NAMES.values():
        try:
            settings = read_settings({**environ, "SUPABASE_PREFIX": name})
        except SettingsInvalid:
            continue
        taken.append(settings.store.prefix)
    assert 0 < len(taken) < 20
    assert [prefix for prefix in taken if not all(map(SLUG.fullmatch, prefix.split("/")))] == []


# --- adapters ------------------------------------------------------------------------------------------------------


NAME: Final = "org/style"


@pytest.fixture
def library(tmp_path: Path) -> LoraLibrary:
    """A library among files that hostile names could mean: every `canary` lies outside of what it may open."""
    loras, hub = tmp_path / "loras", tmp_path / "hub"
    cache = RepositoryCache.of(hub, NAME)
    written(loras / "ink.safetensors", pair(LAYER, 32, 32))
    written(cache.snapshot(COMMIT) / "ink.safetensors", pair(LAYER, 32, 32))
    cache.set_ref("main", COMMIT)
    for folder in (tmp_path, hub, cache.root, cache.root / "snapshots"):
        written(folder / "canary.safetensors", pair(LAYER, 32, 32))
    return LoraLibrary(config=ModelConfig(lora_dir=loras, hub_cache=hub))


def is_found(library: LoraLibrary, source: str, weight_name: str | None = None) -> bool:
    """Whether an adapter is found; a refusal is one of the domain's."""
    try:
        weights = None if weight_name is None else WeightName(weight_name)
        library.locate(Lora(LoraSource(source), weights), "loras[0]")
    except (InvalidValue, WorkerError):
        return False
    return True


def lora_names(tmp_path: Path) -> list[str]:
    ways_out = [
        "../canary",
        "../../canary",
        "../../../canary",
        "a/../../canary",
        "./../canary",
        str(tmp_path / "canary"),
    ]
    return [f"{name}{suffix}" for name in (*NAMES.values(), *ways_out) for suffix in ("", ".safetensors")]


def test_no_lora_opens_a_file_outside_of_its_folder(library: LoraLibrary, tmp_path: Path) -> None:
    names = lora_names(tmp_path)
    with OpenedFiles(tmp_path) as opened:
        assert [name for name in names if is_found(library, name)] == []
        assert [name for name in names if is_found(library, NAME, name)] == []
        assert is_found(library, "ink.safetensors")
        assert is_found(library, NAME, "ink.safetensors")
    assert {path for path in opened.seen if path.endswith(".safetensors")} == {
        "loras/ink.safetensors",
        f"hub/models--org--style/snapshots/{COMMIT}/ink.safetensors",
    }


class LyingHub(HubServer):
    """A Hub that lists a file under a hostile name, and serves an adapter under any."""

    def __init__(self, folder: Path, listed: str) -> None:
        super().__init__(NAME, folder)
        self.listed = listed

    @override
    def description(self) -> dict[str, Any]:
        return {"id": self.name, "sha": COMMIT, "siblings": [{"rfilename": self.listed, "size": 10}]}


@pytest.mark.parametrize(
    "listed",
    [
        "../../../../canary.safetensors",
        "/canary.safetensors",
        "a/../../../../../canary.safetensors",
        "..\\canary.safetensors",
    ],
)
def test_a_hub_that_lies_about_names_cannot_choose_where_a_file_goes(tmp_path: Path, listed: str) -> None:
    written(tmp_path / "hub" / "canary.safetensors", pair(LAYER, 32, 32))
    (tmp_path / "machine").mkdir()
    with LyingHub(tmp_path / "hub", listed) as hub:
        config = ModelConfig(hub_cache=tmp_path / "machine" / "cache", lora_download=True)
        with pytest.raises(ModelUnavailable):
            LoraLibrary(config=config, hub_endpoint=hub.url).locate(Lora(LoraSource(NAME)), "loras[0]")
    assert list((tmp_path / "machine").rglob("*.safetensors")) == []
