"""Several clips in one job, through the handler: takes, lists of requests, and every way in which one of them ends."""

import asyncio
import base64
import itertools
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from application.generate_once import GenerateOnce
from application.job import Job
from application.job_control import JobControl, StageProgress
from container import Container
from domain.errors import DeadlineExceeded, GpuFailed, OutOfMemory, StorageUnavailable
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.guard import Guard, Operation
from entrypoints.job_handler import JobHandler
from entrypoints.replies import Reply
from entrypoints.worker_life import WorkerLife
from tests.support.local_workers import synthetic_worker
from tests.support.pictures import encoded, two_halves

SMALL: dict[str, Any] = {"prompt": "a dog", "width": 64, "height": 64, "num_frames": 3, "fps": 24}
PICTURE = base64.b64encode(encoded(two_halves())).decode()
DOCTOR = Operation(lambda _: {"ok": True, "mode": "doctor"})


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    container = synthetic_worker(tmp_path_factory.mktemp("worker"))
    yield container
    container.picture_sandbox().close()


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    structlog.reset_defaults()
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as captured:
        yield captured


_ids = itertools.count()


class Worker:
    """Production's wiring; `before` is called before each clip is made, with its number, and may raise."""

    def __init__(self, container: Container, before: Callable[[int | None], None] = lambda _: None) -> None:
        self.container = container
        self.before = before
        self.made: list[int | None] = []
        self.events: list[StageProgress] = []

    def generate(self, request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        self.before(job.number)
        self.made.append(job.number)
        return self.container.generate_video()(request, job, control)

    def guard(self) -> Guard:
        whole = self.container.generate_once()
        once = GenerateOnce(
            generate=self.generate, model=whole.model, store=whole.store, codec=whole.codec, prefix=whole.prefix
        )
        return Guard(self.container.codec(), once, {"doctor": DOCTOR})

    def run(self, fields: dict[str, Any], job_id: str | None = None) -> Reply:
        life = WorkerLife(jobs_in_hand=lambda: 0)
        handler = JobHandler(self.guard(), life, may_return=True)
        job = {"id": job_id or f"batch-{next(_ids)}", "input": fields}
        return asyncio.run(handler(job))


def item(**fields: Any) -> dict[str, Any]:
    return {**SMALL, **fields}


def test_eight_items_of_which_one_is_wrong_and_one_pictures_host_is_gone(
    container: Container, lines: list[MutableMapping[str, Any]]
) -> None:
    batch = [item(seed=number) for number in range(8)]
    batch[2] = {"prompt": "", "width": 511}
    batch[4] = item(mode="i2v", image_url="https://pictures.invalid/a.png")
    batch[5] = item(mode="i2v", image_base64=PICTURE)

    reply = Worker(container).run({"batch": batch}, "job-8")

    outputs = reply["outputs"]
    assert [output["index"] for output in outputs] == list(range(8))
    assert [output["ok"] for output in outputs] == [index not in {2, 4} for index in range(8)]
    assert (outputs[2]["code"], outputs[4]["code"]) == ("invalid_input", "input_unavailable")
    assert [detail["path"] for detail in outputs[2]["details"]] == ["batch[2].prompt", "batch[2].width"]
    assert [detail["path"] for detail in outputs[4]["details"]] == ["batch[4].image_url"]
    assert outputs[4]["retryable"] is True
    for index in (0, 1, 3, 5, 6, 7):
        storage = outputs[index]["storage"]
        assert storage["path"].endswith(f"/job-8/video-{index + 1}.mp4")
        assert container.store().stat(storage["path"]).size == storage["bytes"]
    assert reply["ok"] is True
    assert {name: reply[name] for name in ("mode", "storage", "meta")} == {
        name: outputs[0][name] for name in ("mode", "storage", "meta")
    }
    of_items = {line["item"]: line["event"] for line in lines if line["event"].startswith("item.")}
    assert of_items == {number: "item.failed" if number in {3, 5} else "item.succeeded" for number in range(1, 9)}
    (whole,) = [line for line in lines if line["event"].startswith("job.")]
    assert (whole["event"], whole["outputs"], whole["failed"], whole["mode"]) == ("job.succeeded", 8, 2, "batch")
    assert "item" not in whole


def test_each_take_is_the_clip_of_a_job_of_its_own_with_the_next_seed(container: Container) -> None:
    reply = Worker(container).run(item(seed=7, num_outputs=3, file_name="dog.mp4", poster=True))
    assert [output["meta"]["seed"] for output in reply["outputs"]] == [7, 8, 9]
    alone = [Worker(container).run(item(seed=seed)) for seed in (7, 8, 9)]
    digests = [output["storage"]["sha256"] for output in reply["outputs"]]
    assert digests == [single["storage"]["sha256"] for single in alone]
    assert len(set(digests)) == 3
    names = [output[kind]["path"].rpartition("/")[2] for output in reply["outputs"] for kind in ("storage", "poster")]
    assert names == ["dog-1.mp4", "dog-1.jpg", "dog-2.mp4", "dog-2.jpg", "dog-3.mp4", "dog-3.jpg"]
    assert "outputs" not in alone[0]


def test_the_first_take_has_the_seed_that_a_job_of_one_clip_draws(container: Container) -> None:
    fields = {**SMALL, "prompt": "a drawn dog"}
    takes = Worker(container).run({**fields, "num_outputs": 2}, "drawn")
    single = Worker(container).run({**fields, "num_outputs": 1}, "drawn")
    seeds = [output["meta"]["seed"] for output in takes["outputs"]]
    assert seeds == [single["meta"]["seed"], single["meta"]["seed"] + 1]
    alike = Worker(container).run({"batch": [fields, fields]})
    assert len({output["meta"]["seed"] for output in alike["outputs"]}) == 2


@pytest.mark.parametrize("fields", [{"batch": [item() for _ in range(6)]}, item(num_outputs=6)])
def test_a_second_delivery_makes_only_what_the_first_one_did_not_finish(
    container: Container, fields: dict[str, Any]
) -> None:
    def crash(number: int | None) -> None:
        if number == 5:
            raise KeyboardInterrupt

    first, second = Worker(container, crash), Worker(container)
    job = Job(id=f"twice-{next(_ids)}", may_return=True)
    with pytest.raises(KeyboardInterrupt):
        first.guard()(fields, job, JobControl())
    reply = second.guard()(fields, job, JobControl())
    assert (first.made, second.made) == ([1, 2, 3, 4], [5, 6])
    assert all(output["ok"] for output in reply["outputs"])
    notices = ["record of an earlier delivery" in str(output["meta"]["warnings"]) for output in reply["outputs"]]
    assert notices == [True] * 4 + [False] * 2


def raising(error: BaseException, at: int) -> Callable[[int | None], None]:
    def before(number: int | None) -> None:
        if number == at:
            raise error

    return before


def test_a_stop_in_the_second_item_ends_the_job_which_tells_of_the_first(container: Container) -> None:
    stopped: list[int] = []
    worker = Worker(container, lambda number: stopped.append(1) if number == 2 else None)
    control = JobControl(is_cancelled=lambda: bool(stopped))
    reply = worker.guard()({"batch": [item(), item(), item()]}, Job(id="stopped"), control)
    assert (reply["ok"], reply["code"]) == (False, "cancelled")
    assert worker.made == [1, 2]
    assert [output["ok"] for output in reply["outputs"]] == [True]


@pytest.mark.parametrize(
    ("error", "fresh"), [(DeadlineExceeded("late"), False), (GpuFailed("lost"), True)], ids=["deadline", "gpu"]
)
def test_what_ends_all_keeps_the_clips_that_are_done(
    container: Container, error: DeadlineExceeded | GpuFailed, fresh: bool
) -> None:
    worker = Worker(container, raising(error, 3))
    reply = worker.run({"batch": [item() for _ in range(5)]})
    assert reply["ok"] is True
    assert [output.get("code") for output in reply["outputs"]] == [None, None, *[error.code] * 3]
    assert worker.made == [1, 2]
    assert reply.get("refresh_worker", False) is fresh


def test_the_time_of_all_is_the_jobs(container: Container) -> None:
    now = 0.0

    def late(number: int | None) -> None:
        nonlocal now
        now = 100.0 if number == 3 else now

    worker = Worker(container, late)
    control = JobControl(deadline=50.0, clock=lambda: now)
    reply = worker.guard()({"batch": [item() for _ in range(4)]}, Job(id="late"), control)
    assert [output.get("code") for output in reply["outputs"]] == [None, None, *["deadline_exceeded"] * 2]


@pytest.mark.parametrize("error", [OutOfMemory("full"), StorageUnavailable("no answer"), KeyError("canary")])
def test_any_other_end_is_the_items_own(
    container: Container, error: Exception, lines: list[MutableMapping[str, Any]]
) -> None:
    reply = Worker(container, raising(error, 2)).run({"batch": [item() for _ in range(3)]})
    code = getattr(error, "code", "internal")
    assert [output.get("code") for output in reply["outputs"]] == [None, code, None]
    (line,) = [line for line in lines if line.get("error_id") == reply["outputs"][1]["error_id"]]
    assert (line["item"], line["event"]) == (2, "item.broke" if code == "internal" else "item.failed")
    assert bool(line.get("exc_info")) is (code == "internal")
    assert "canary" not in str(reply)


def test_where_none_was_made_the_job_failed(container: Container, lines: list[MutableMapping[str, Any]]) -> None:
    reply = Worker(container).run({"batch": [{}, {"mode": "doctor"}]})
    assert (reply["ok"], reply["code"], reply["retryable"]) == (False, "invalid_input", False)
    assert reply["error"] == "Invalid input: batch[0].prompt is required (batch[0]; all 2 outputs failed)"
    assert [detail["path"] for detail in reply["details"]] == ["batch[0].prompt", "batch[1].mode"]
    (whole,) = [line for line in lines if line["event"].startswith("job.")]
    assert (whole["event"], whole["log_level"], whole["failed"]) == ("job.failed", "warning", 2)
    assert whole["error_id"] == reply["error_id"] == reply["outputs"][0]["error_id"]


def test_progress_spans_all_items(container: Container) -> None:
    seen: list[StageProgress] = []
    fields = {"batch": [item(), {}, item()]}
    Worker(container).guard()(fields, Job(id="watched"), JobControl(report=seen.append))
    places = [(event.place.number, event.place.of) for event in seen if event.place is not None]
    assert len(places) == len(seen)
    assert sorted(set(places)) == [(1, 3), (3, 3)]


def test_clips_lie_below_the_jobs_folder_and_records_below_the_jobs_key(container: Container) -> None:
    reply = Worker(container).run(
        {"batch": [item(file_name="a.mp4"), item(file_name="a-2.mp4")], "idempotency_key": "k"}
    )
    names = [output["storage"]["path"].rpartition("/")[2] for output in reply["outputs"]]
    assert names == ["a-1.mp4", "a-2-2.mp4"]
    assert all(container.store().stat(f"ltx2/_jobs/k.items/{number}.json").size for number in (1, 2))
