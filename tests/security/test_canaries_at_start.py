"""A worker that cannot start, and the command line, tell no planted secret, path or host; in processes of their own."""

import json
from pathlib import Path

import pytest

from tests.e2e.settings import SMALL, SYNTHETIC
from tests.security.planted import SHAPED, leaks, planted
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

CLI = ("-m", "entrypoints.cli")
WRONG = {"MAX_PIXELS": "Canary-HF_TOKEN-0123456789", "LOG_LEVEL": SHAPED}
"""The planted token, pasted into another variable too."""


def settings_with_a_broken_store(folder: Path) -> dict[str, str]:
    """Every canary, but for the two variables that RunPod sets; the local store's folder is a file."""
    environ = {name: value for name, value in planted(folder).items() if not name.startswith("RUNPOD_")}
    place = Path(environ["LOCAL_STORE_DIR"])
    place.parent.mkdir()
    place.write_text("no folder")
    unreachable = {"WEBHOOK_URL": "https://0.0.0.0/canary?token=canary"}  # no host: refused without a try
    return environ | SYNTHETIC | unreachable | {"STORAGE_BACKEND": "local"}


@pytest.mark.parametrize("wrong", [{}, WRONG], ids=["broken store", "wrong settings"])
def test_a_worker_that_is_unfit_tells_neither_its_log_nor_the_platform(wrong: dict[str, str], tmp_path: Path) -> None:
    settings = settings_with_a_broken_store(tmp_path) | wrong
    with RunPodCloud() as cloud, WorkerProcess(tmp_path, settings, cloud=cloud) as worker:
        assert worker.wait_exit() == 1
        (ping,) = cloud.unhealthy_pings()
        assert [line["event"] for line in worker.log_lines()][-1] == "worker.unfit"
        roots = [line["settings"]["store"]["config"]["root"] for line in worker.events("worker.starting")]
        assert roots == ([] if wrong else ["<store>"])
        assert leaks(worker.output() + ping.query["reason"]) == []


@pytest.mark.parametrize("wrong", [{}, WRONG], ids=["broken store", "wrong settings"])
def test_doctor_prints_no_canary(wrong: dict[str, str], tmp_path: Path) -> None:
    settings = settings_with_a_broken_store(tmp_path) | wrong
    with WorkerProcess(tmp_path, settings, command=(*CLI, "doctor")) as doctor:
        assert doctor.wait_exit() == 1
        assert "FAILED" in doctor.output()
        assert leaks(doctor.output()) == []


@pytest.mark.parametrize("wrong", [{}, WRONG], ids=["broken store", "wrong settings"])
def test_a_failed_job_of_the_command_line_prints_no_canary(wrong: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"input": SMALL}), encoding="utf-8")
    command = (*CLI, "generate", "--input", str(tmp_path / "job.json"))
    settings = settings_with_a_broken_store(tmp_path) | wrong
    with WorkerProcess(tmp_path, settings, command=command) as generate:
        assert generate.wait_exit() == 1
        assert '"ok": false' in generate.output()
        assert leaks(generate.output()) == []
