"""No reply and no log line holds a secret, a path, a host or an address, whatever goes wrong and wherever."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import structlog

from adapters.settings.environment import read_settings
from adapters.settings.stores.registry import STORES
from adapters.settings.variable import rows_of
from adapters.settings.variables import TABLE
from application.diagnose import Check, Diagnose
from application.job import Job
from application.job_control import JobControl
from container import open_codec, open_container, open_redactor
from domain.errors import Fault, InvalidInput, SettingsInvalid, StorageError, StoragePending, WorkerError
from entrypoints.examination import as_operation
from entrypoints.guard import Guard
from entrypoints.reporting import reporting
from entrypoints.webhooks import Webhooks
from tests.fakes.notifier import FakeNotifier
from tests.security.planted import SHAPED, hostile_text, leaks, planted, unclassified
from tests.security.planted_world import MOMENTS, OWN, World


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The log so far, checked to leak nothing; tracebacks stand in lines of `internal` only."""
    text = capsys.readouterr().err
    assert leaks(text) == []
    logged: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert [line for line in logged if "Traceback" in str(line) and line.get("code") != "internal"] == []
    return logged


def kinds(kind: type[WorkerError] = WorkerError) -> list[type[WorkerError]]:
    """Every class of the tree that is one of the worker's own."""
    children = [child for child in kind.__subclasses__() if child.__module__.startswith("domain.")]
    return [kind, *(found for child in children for found in kinds(child))]


def made(kind: type[WorkerError], message: str, cause: str) -> WorkerError:
    error: WorkerError
    if issubclass(kind, InvalidInput):
        error = kind((Fault("prompt", message),))
    elif issubclass(kind, StoragePending):
        error = StoragePending(message, bucket="clips", path="ltx2/video.mp4", sha256=None)
    else:
        error = kind(message, faults=(Fault("image_url", message),))
    error.__cause__ = OSError(cause)
    return error


def quoting(folder: Path) -> str:
    """A library's exception that quotes what the caller sent too."""
    return f"{hostile_text(folder)} {OWN['prompt']} {OWN['negative_prompt']!r} {OWN['image_url']}"


def test_every_kind_of_variable_gets_a_canary(tmp_path: Path) -> None:
    environ = planted(tmp_path)
    assert unclassified() == set()
    assert {name for name, row in TABLE.items() if row.secret or row.accepted == "a folder"} <= set(environ)
    assert {"SUPABASE_URL", "INPUT_ALLOW_PRIVATE_HOSTS", "RUNPOD_POD_ID"} <= set(environ)
    assert all("canary" in value.lower() for value in environ.values())
    assert read_settings(environ).secrets, "the values are no wrong ones"
    assert len(leaks(hostile_text(tmp_path))) > len(environ)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_each_error_at_each_moment_leaks_neither_its_cause_nor_its_message(
    kind: type[WorkerError], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    message = hostile_text(tmp_path).partition("\nTraceback")[0]
    failed = 0
    for moment in MOMENTS:
        world.model.loads, world.model.error, world.fetcher.error = 0, None, None
        world.fail(moment, made(kind, message, quoting(tmp_path)))
        reply = world.reply(OWN, moment)
        assert leaks(json.dumps(reply["error"] if not reply["ok"] else reply["meta"]["warnings"])) == [], moment
        assert leaks(json.dumps(reply.get("details", []))) == [], moment
        assert "Traceback" not in json.dumps(reply), moment
        logged = lines(capsys)
        failed += [line["event"] for line in logged].count("job.failed")
        assert [line["code"] for line in logged if line["event"] == "job.failed"] == [kind.code] * (not reply["ok"])
    assert failed >= 9  # of a failed read, stat or url of the store a job may make nothing


@pytest.mark.parametrize("moment", ["fetch", "generate"])
@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, MemoryError, AssertionError, UnicodeError])
def test_what_nobody_foresaw_is_told_by_its_id_only_and_logged_redacted(
    kind: type[Exception], moment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    error = kind(quoting(world.folder))
    error.__cause__ = OSError(quoting(world.folder))
    if moment == "fetch":
        world.fetcher.error = error
    else:
        world.model.error = error
    reply = world.reply()
    assert (reply["code"], reply["details"]) == ("internal", [])
    assert leaks(json.dumps(reply)) == []
    (line,) = lines(capsys)
    assert line["error_id"] == reply["error_id"]
    assert "Traceback" in line["exception"]
    assert kind.__name__ in line["exception"]
    assert "<app>/" in line["exception"]


def test_a_job_that_succeeds_logs_nothing_of_what_its_caller_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    reply = world.reply()
    assert reply["ok"], reply
    assert [line["event"] for line in lines(capsys)] == ["job.succeeded"]
    assert leaks(json.dumps({**reply, "meta": {**reply["meta"], "prompt_used": None}})) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_base64": "canary"},
        {"prompt": "canary" * 10_000},
        {"negative_prompt": "canary" * 10_000},
        {"image_url": "https://x/?canary=" + "canary" * 1_000},
        {"image_url": None},
        {"image_url": None, "image_base64": ""},
        {"width": 511},
    ],
    ids=str,
)
def test_a_refused_request_is_answered_without_what_its_caller_wrote(
    wrong: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    reply = world.reply(OWN | wrong)
    assert reply["code"] == "invalid_input"
    assert leaks(json.dumps(reply)) == []
    assert [line["event"] for line in lines(capsys)] == ["job.failed"]


def test_the_real_fetcher_tells_of_a_url_only_its_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    container = open_container({"STORAGE_BACKEND": "local", "MODEL_BACKEND": "synthetic", "HOME": str(tmp_path)})
    refusing = container.image_fetcher()

    def fetch(request: Any, *_: object) -> Any:
        return refusing.fetch(request.pictures[0], JobControl())

    guard = Guard(container.codec(), fetch)
    urls = (
        "https://127.0.0.1/canary?canary",
        "https://u:canary@canary.internal/",  # pragma: allowlist secret
        "https://10.77.66.5/?canary",
    )
    for url in urls:
        reply = guard(OWN | {"image_url": url}, Job(id="j"), JobControl())
        assert reply["code"] == "input_refused"
        assert leaks(json.dumps(reply)) == []
    assert {line["event"] for line in lines(capsys)} == {"job.failed"}


def test_the_start_line_masks_every_planted_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    container = open_container(planted(tmp_path))
    structlog.get_logger().info("worker.starting", settings=container.described_settings(), environ=planted(tmp_path))
    (line,) = lines(capsys)
    assert line["settings"]["store"]["config"]["url"] == "https://[host]"
    assert line["settings"]["model"]["path"] == "<model>"


def test_doctor_tells_a_job_no_place_and_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)

    def broken() -> str:
        raise made(StorageError, hostile_text(world.folder).partition("\nTraceback")[0], "")

    checks = (Check(name="well", examine=lambda: hostile_text(world.folder)), Check(name="ill", examine=broken))
    doctor = as_operation(Diagnose(checks), world.container.redactor().text)
    reply = Guard(world.container.codec(), world.container.generate_once(), {"doctor": doctor})(
        {"mode": "doctor"}, Job(id="j"), JobControl()
    )
    assert [check["ok"] for check in reply["checks"]] == [True, False]
    assert leaks(json.dumps(reply)) == []
    lines(capsys)


def test_a_watcher_that_breaks_is_logged_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)

    class Broken:
        def __enter__(self) -> Callable[[object], None]:
            raise OSError(hostile_text(world.folder).partition("\nTraceback")[0])

        def __exit__(self, *_: object) -> None: ...

    with reporting(Broken(), job_id="j", interval=1):
        pass
    assert [line["event"] for line in lines(capsys)] == ["progress.broke"]


@pytest.mark.parametrize("ok", [True, False])
def test_a_webhook_that_breaks_is_logged_redacted(ok: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    hook = "https://canary-hook.example.com/canary?token=canary"
    error = ValueError(f"{hostile_text(tmp_path)} {hook} token=canary")
    notifier = FakeNotifier(operator="https://canary.example.com/", allowed=[hook], breaks=error)
    webhooks = Webhooks(lambda: notifier)
    guard = Guard(world.container.codec(), world.container.generate_once(), webhooks=webhooks)
    raw = OWN | {"webhook_url": hook} | ({} if ok else {"width": 511})
    reply = guard(raw, Job(id="j", may_return=True), JobControl())
    assert reply["ok"] is ok
    assert leaks(json.dumps(reply["meta"]["webhook"])) == []
    broken = [line for line in lines(capsys) if line["event"] == "webhook.broke"]
    assert [(line["recipient"], line["job_id"]) for line in broken] == [("operator", "j"), ("request", "j")]
    assert all("Traceback" in line["exception"] for line in broken)


SECRETS: Final = (
    SHAPED,
    "sb_secret_canary",
    "eyJhbGciOiJIUzI1NiJ9.canarycanary.canary",  # pragma: allowlist secret
    "https://canary:canary@example.com/?token=canary",  # pragma: allowlist secret
)


@pytest.mark.parametrize("backend", STORES)
@pytest.mark.parametrize("pasted", [*SECRETS, f"not ascii ü {SHAPED}", "Canary-HF_TOKEN-0123456789"])
def test_wrong_settings_are_told_without_the_secret_that_was_pasted_into_them(
    pasted: str, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = dict.fromkeys(TABLE, pasted) | {"STORAGE_BACKEND": backend}  # what takes any text is right
    others = {name for kind in STORES.values() if kind.backend != backend for name in rows_of(kind.variables)}
    with pytest.raises(SettingsInvalid) as caught:
        open_container(environ)
    assert len(caught.value.faults) > (len(TABLE) - len(others)) / 2
    structlog.get_logger().error("worker.unfit", code=caught.value.code, error=caught.value.message)
    reply = open_codec(environ).encode_failure(caught.value, "id")
    redact = open_redactor(environ).text
    said = [redact(str(fault)) for fault in caught.value.faults]  # as `doctor` prints them
    assert leaks(json.dumps([reply, said])) == []
    assert [line["event"] for line in lines(capsys)] == ["worker.unfit"]


def test_a_wrong_setting_is_told_with_what_it_holds(tmp_path: Path) -> None:
    environ = {"SUPABASE_URL": "ftp://project.example.com", "STORAGE_BACKEND": "supabase"}
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(environ)
    assert "'ftp://project.example.com'" in open_redactor(environ).text(caught.value.message)


def test_variables_of_others_that_are_named_like_secrets_are_masked() -> None:
    environ = {
        "RUNPOD_AI_API_KEY": "canary-canary",  # pragma: allowlist secret
        "AWS_SECRET_ACCESS_KEY": "4anary/+",  # pragma: allowlist secret
        "TOKENIZERS_PARALLELISM": "false",
    }
    for settings in ({"STORAGE_BACKEND": "local"}, {}):
        redactor = open_redactor(environ | settings)
        assert redactor.text("x canary-canary y 4anary%2F%2B false") == "x [redacted] y [redacted] false"
