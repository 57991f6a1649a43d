"""Hostile URLs in whole jobs: the reply tells the rule and nothing more, and the next job is served.

One case of each kind here; `make soak` runs them all.
"""

from collections.abc import Iterator

import pytest

from tests.security.hostile_case import HostileUrl
from tests.security.hostile_network import hostile_network
from tests.security.hostile_urls import corpus
from tests.security.hostile_worker import NEVER_TOLD, HostileWorker, hostile_worker

SAMPLE = list({(case.family, case.code): case for case in reversed(corpus())}.values())


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileWorker]:
    with hostile_network() as network, hostile_worker(network, tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: f"{case.id}, {case.code}")
def test_the_worker_says_why_and_serves_the_next_job(worker: HostileWorker, case: HostileUrl) -> None:
    reply = worker.job(case.url)
    assert reply["ok"] is False
    assert reply["code"] in case.job_codes
    assert reply["retryable"] is (reply["code"] == "input_unavailable")
    assert [fault["path"] for fault in reply["details"]] == ["image_url"]
    assert [word for word in NEVER_TOLD if word in str(reply)] == []
    assert worker.network.canary.reached() == []
    assert worker.serves()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_all_of_them_one_after_the_other(worker: HostileWorker) -> None:
    for case in corpus():
        reply = worker.job(case.url)
        assert reply["ok"] is False, case.id
        assert reply["code"] in case.job_codes, case.id
        assert [word for word in NEVER_TOLD if word in str(reply)] == [], case.id
        assert worker.network.canary.reached() == [], case.id
        assert worker.serves(), case.id
