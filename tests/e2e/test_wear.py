"""Workers that have done their jobs, and replies that do not get through."""

from pathlib import Path

from tests.e2e.settings import SMALL, synthetic_and_local
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess


def test_a_worn_out_worker_asks_for_another_one_and_leaves_the_next_job_to_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with RunPodCloud(poll_seconds=0.2) as cloud:
        settings = synthetic_and_local(store) | {"MAX_JOBS_PER_WORKER": "2"}
        with WorkerProcess(first, settings, cloud=cloud, worker_id="worker-1") as worn:
            jobs = [cloud.submit(SMALL) for _ in range(3)]
            assert [cloud.wait(job_id).state for job_id in jobs[:2]] == ["COMPLETED", "COMPLETED"]
            assert [cloud.finals(job_id)[0].body.get("stopPod") for job_id in jobs[:2]] == [None, True]
            polls = cloud.polls.count("worker-1")
            with WorkerProcess(second, settings, cloud=cloud, worker_id="worker-2"):
                third = cloud.wait(jobs[2])  # seconds later: the other one has to start
                assert (third.state, third.worker, third.deliveries) == ("COMPLETED", "worker-2", 1)
            assert cloud.polls.count("worker-1") == polls
            assert worn.returncode is None
            worn.terminate()
            assert worn.wait_exit(15) == 0
    assert len(list(store.rglob("*.mp4"))) == 3


def test_a_reply_that_is_refused_twice_is_taken_the_third_time(
    cloud: RunPodCloud, worker: WorkerProcess, store: Path
) -> None:
    cloud.refuse("final", times=2, status=500)
    job = cloud.wait(cloud.submit(SMALL))
    posts = cloud.finals(job.id)
    assert (job.state, job.deliveries) == ("COMPLETED", 1)
    assert [post.status for post in posts] == [500, 500, 200]
    assert posts[0].body == posts[1].body == posts[2].body
    assert [path.name for path in store.rglob(f"*/{job.id}/*") if path.suffix == ".mp4"] == ["video.mp4"]
    assert len(worker.events("job.succeeded", job.id)) == 1


def test_a_worker_goes_on_when_the_platform_does_not_want_a_reply(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    cloud.refuse("final", status=400)
    unwanted = cloud.submit(SMALL)
    cloud.until(lambda: cloud.finals(unwanted))
    cloud.until(lambda: f'"{unwanted}", "message": "Finished."' in worker.output())
    assert cloud.wait(cloud.submit(SMALL)).state == "COMPLETED"


def test_a_worker_can_be_asked_whether_it_is_fit(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    job = cloud.wait(cloud.submit({"mode": "doctor"}))
    assert (job.state, job.error) == ("COMPLETED", None)
    assert (job.output["ok"], job.output["mode"], job.output["fit"]) == (True, "doctor", True)
    assert [(check["name"], check["ok"]) for check in job.output["checks"]] == [
        ("disk", True), ("encoder", True), ("decoder", True), ("snapshot", True), ("store", True),
    ]  # fmt: skip
    assert str(worker.tmp.parent) not in str(job.output)
