from collections.abc import Mapping
from pathlib import Path

from tests.e2e.settings import LONG, SMALL, SYNTHETIC, synthetic_and_local
from tests.support.runpod_cloud import RunPodCloud
from tests.support.supabase_server import SupabaseServer
from tests.support.worker_process import WorkerProcess


def test_wrong_settings_are_all_named_in_one_line_and_no_job_is_taken(tmp_path: Path) -> None:
    settings = {
        **SYNTHETIC,
        "MAX_PIXELS": "many",
        "SUPABASE_SECRET_KEY": "sb_publishable_of_the_browser",  # pragma: allowlist secret
    }  # pragma: allowlist secret
    line, reason, printed = start_unfit(tmp_path, settings)
    assert line["code"] == "internal"
    for name in ("MAX_PIXELS", "SUPABASE_URL", "SUPABASE_SECRET_KEY"):
        assert name in line["error"]
    assert "SUPABASE_URL" in reason
    assert "sb_publishable_of" not in printed + reason


def test_a_wrong_key_makes_the_worker_unhealthy(tmp_path: Path) -> None:
    with SupabaseServer() as project:
        settings = {**SYNTHETIC, "SUPABASE_URL": project.url, "SUPABASE_SECRET_KEY": project.foreign_key}
        line, reason, printed = start_unfit(tmp_path, settings)
    assert line["code"] == "storage_auth"
    assert line["error"] in reason
    assert project.foreign_key not in printed + reason


def test_a_worker_that_is_told_to_stop_while_idle_ends_with_0(tmp_path: Path) -> None:
    with (
        RunPodCloud(poll_seconds=0.2) as cloud,
        WorkerProcess(tmp_path, synthetic_and_local(tmp_path / "store"), cloud=cloud) as worker,
    ):
        worker.wait_ready()
        worker.terminate()
        assert worker.wait_exit(15) == 0


def test_only_the_first_job_is_cold_and_the_one_in_hand_is_finished_before_the_end(tmp_path: Path) -> None:
    with (
        RunPodCloud(poll_seconds=0.2) as cloud,
        WorkerProcess(tmp_path, synthetic_and_local(tmp_path / "store"), cloud=cloud) as worker,
    ):
        first = cloud.wait(cloud.submit(SMALL))
        in_hand = cloud.submit({**LONG, "num_frames": 25})
        cloud.until(lambda: f'"{in_hand}", "message": "Started."' in worker.output())
        worker.terminate()
        second = cloud.wait(in_hand)
        assert (first.output["meta"]["cold"], second.output["meta"]["cold"]) == (True, False)
        assert worker.wait_exit(15) == 0


def start_unfit(folder: Path, settings: Mapping[str, str]) -> tuple[dict[str, str], str, str]:
    """The log's one line about it, the reason that the platform was told, and all that was printed."""
    with RunPodCloud() as cloud, WorkerProcess(folder, settings, cloud=cloud) as worker:
        job_id = cloud.submit(SMALL)
        assert worker.wait_exit() == 1
        assert (cloud.job(job_id).state, cloud.polls) == ("IN_QUEUE", [])
        (ping,) = cloud.unhealthy_pings()
        (line,) = worker.events("worker.unfit")
        assert worker.events("worker.ready") == []
        return line, ping.query["reason"], worker.output()
