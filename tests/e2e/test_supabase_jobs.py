import hashlib
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.settings import SMALL, SYNTHETIC
from tests.support.runpod_cloud import RunPodCloud
from tests.support.supabase_replies import HTML_502, slow_down
from tests.support.supabase_server import SupabaseServer
from tests.support.worker_process import WorkerProcess

ATTEMPTS_OF_A_CHECK = 2


@pytest.fixture(scope="module")
def project() -> Iterator[SupabaseServer]:
    with SupabaseServer() as project:
        yield project


@pytest.fixture(scope="module")
def supabase_cloud() -> Iterator[RunPodCloud]:
    with RunPodCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def supabase_worker(
    project: SupabaseServer, supabase_cloud: RunPodCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    """Started while the store gave no proper answer."""
    project.fail(HTML_502, times=ATTEMPTS_OF_A_CHECK)
    settings = {**SYNTHETIC, "SUPABASE_URL": project.url, "SUPABASE_SERVICE_ROLE_KEY": project.key}
    with WorkerProcess(tmp_path_factory.mktemp("worker"), settings, cloud=supabase_cloud) as worker:
        worker.wait_ready()
        yield worker


def test_a_store_that_does_not_answer_at_the_start_is_a_warning(
    supabase_worker: WorkerProcess, supabase_cloud: RunPodCloud
) -> None:
    (line,) = supabase_worker.events("worker.check_failed")
    assert (line["check"], line["code"], line["level"]) == ("store", "storage_unavailable", "warning")
    assert supabase_cloud.unhealthy_pings() == []


def test_the_signed_url_leads_to_the_clip_and_stands_in_no_log_line(
    project: SupabaseServer, supabase_worker: WorkerProcess, supabase_cloud: RunPodCloud
) -> None:
    job = supabase_cloud.wait(supabase_cloud.submit(SMALL))
    assert job.state == "COMPLETED"
    place = job.output["supabase"]
    assert place == {name: job.output["storage"][name] for name in ("bucket", "path", "signed_url", "public_url")}
    with urllib.request.urlopen(place["signed_url"]) as answer:  # noqa: S310 - the stand-in's own URL
        assert hashlib.sha256(answer.read()).hexdigest() == job.output["storage"]["sha256"]
    printed = supabase_worker.output()
    assert job.id in printed
    assert place["signed_url"].partition("?")[2] not in printed
    assert project.key not in printed


def test_a_store_that_asks_for_a_long_rest_fails_the_job_at_once(
    project: SupabaseServer, supabase_worker: WorkerProcess, supabase_cloud: RunPodCloud
) -> None:
    project.fail(slow_down("3600"), times=2)
    job = supabase_cloud.wait(supabase_cloud.submit(SMALL))
    assert job.state == "FAILED"
    assert (job.output["code"], job.output["retryable"]) == ("storage_unavailable", True)
    (line,) = supabase_worker.events("job.failed", job.id)
    assert line["level"] == "error"
