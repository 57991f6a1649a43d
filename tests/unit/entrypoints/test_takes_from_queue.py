import pytest

from entrypoints.runpod_worker import takes_from_queue

QUEUE = {"RUNPOD_WEBHOOK_GET_JOB": "https://api.example.com/job-take/$ID?gpu=none"}


@pytest.mark.parametrize(
    ("environ", "arguments", "taken"),
    [
        (QUEUE, [], True),
        (QUEUE, ["--rp_log_level", "INFO"], True),
        (QUEUE | {"RUNPOD_REALTIME_PORT": "0"}, [], True),
        ({}, [], False),
        (QUEUE, ["--test_input", "{}"], False),
        (QUEUE, ["--test_input={}"], False),
        (QUEUE, ["--rp_serve_api"], False),
        (QUEUE | {"RUNPOD_REALTIME_PORT": "8080"}, [], False),
    ],
)
def test_only_a_worker_in_the_queue_is_subject_to_fitness_checks(
    environ: dict[str, str], arguments: list[str], taken: bool
) -> None:
    assert takes_from_queue(environ, ["entrypoints/runpod_worker.py", *arguments]) is taken
