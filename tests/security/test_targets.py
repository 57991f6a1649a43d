"""A job's own keys and URLs are seen by nobody but their host, and no path leads out of where callers may look."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.http.sending import GuardedSender
from adapters.http.stored import StoredInputs
from adapters.image_fetcher.decoders import InProcessDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.target_store import SendingTargetStore
from application.job import Job
from application.job_control import JobControl
from application.sign_object import SignObject
from container import open_codec
from domain.errors import InvalidValue, WorkerError
from domain.naming import ObjectPath
from domain.requests import StoredImage
from entrypoints.guard import Guard
from entrypoints.replies import Reply
from entrypoints.signing import as_operation
from tests.security.hostile_names import NAMES
from tests.security.planted import leaks
from tests.security.planted_world import World
from tests.support.http_server import HttpServer, serving
from tests.support.http_server import Reply as Answer
from tests.support.opened_files import OpenedFiles
from tests.support.pictures import encoded, two_halves

ID: Final = "CANARYIDCANARYID"
SECRET: Final = "canary/secret+canary="  # pragma: allowlist secret
QUERY: Final = "X-Amz-Credential=canary&X-Amz-Signature=canary&t=canary"
JOB: Final[dict[str, Any]] = {"prompt": "a dog", "width": 64, "height": 64, "num_frames": 9, "steps": 8, "seed": 1}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


def world_in(folder: Path) -> World:
    """With the real adapter."""
    config = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))
    sender = GuardedSender(config=config, hosts=AllowedHosts(frozenset({"127.0.0.1"}), "UPLOAD_ALLOWED_HOSTS"))
    policy = RetryPolicy(attempts=2, wait_initial=0.01)
    return World(folder, SendingTargetStore(sender=sender, policy=policy))


def s3_config(endpoint: str) -> dict[str, Any]:
    return {"accessId": ID, "accessSecret": SECRET, "bucketName": "clips", "endpointUrl": endpoint}


def targets(server: HttpServer, name: str) -> Iterator[dict[str, Any]]:
    yield {"upload_url": server.url(f"/{name}/a.mp4?{QUERY}")}
    yield {"s3Config": s3_config(server.url(f"/{name}"))}


def key() -> str:
    return f"ltx2/{dt.datetime.now(dt.UTC).date()}/job-1/video.mp4"


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text
    assert leaks(text) == []
    return text


def echo(status: int) -> Answer:
    """An answer that says again all that it was sent."""
    body = f"<Error><Code>{ID}</Code><Message>{SECRET} {QUERY} canary</Message></Error>".encode()
    return Answer(status=status, body=body, headers={"Location": f"https://canary.example/?{QUERY}", "ETag": QUERY})


@pytest.mark.parametrize("status", [204, 301, 400, 403, 404, 429, 500, 599])
def test_a_host_that_repeats_what_it_was_sent_gets_none_of_it_into_reply_log_or_record(
    tmp_path: Path, server: HttpServer, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_in(tmp_path)
    server.add(f"/{status}/a.mp4", echo(status))
    server.add(f"/{status}/clips/{key()}", echo(status))
    for target in targets(server, str(status)):
        reply = world.reply({**JOB, **target, "return_signed_url": False})
        assert reply["ok"] is (status == 204)
        assert f"status {status}" in reply.get("error", "status 204")
        assert leaks(json.dumps(reply)) == []
    logged(capsys)
    assert server.requests
    assert SECRET not in str(server.requests)
    assert world.store.calls == []  # no record, which would name the place


def test_a_clip_in_the_callers_bucket_is_told_with_the_url_alone(
    tmp_path: Path, server: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_in(tmp_path)
    server.add(f"/clips/{key()}", Answer())
    reply = world.reply({**JOB, "s3Config": s3_config(server.url(""))})
    assert reply["storage"]["path"] == key()
    assert reply["storage"]["signed_url"].startswith(server.url(f"/clips/{key()}?"))
    assert SECRET not in json.dumps(reply)
    assert leaks(json.dumps({**reply, "storage": {**reply["storage"], "signed_url": None}})) == []
    logged(capsys)


@pytest.mark.parametrize(
    "fields",
    [
        {"upload_url": f"https://canary.example/a?{QUERY}"},
        {"upload_url": f"https://127.0.0.1.canary.example/a?{QUERY}"},
        {"upload_url": f"https://canary:canary@127.0.0.1/a?{QUERY}"},  # pragma: allowlist secret
        {"upload_url": f"ftp://127.0.0.1/canary?{QUERY}"},
        {"upload_url": f"canary {QUERY}"},
        {"upload_url": [QUERY]},
        {"upload_url": "canary" * 1000},
        {"s3Config": s3_config("https://canary.example")},
        {"s3Config": s3_config("https://canary@127.0.0.1")},
        {"s3Config": s3_config("canary")},
        {"s3Config": s3_config("https://127.0.0.1") | {"accessSecret": "canary canary"}},
        {"s3Config": s3_config("https://127.0.0.1") | {"accessSecret": ["canary"], "accessId": {"canary": 1}}},
        {"s3Config": s3_config("https://127.0.0.1") | {"bucketName": "../canary"}},
        {"s3Config": json.dumps(s3_config("https://127.0.0.1"))},
        {"s3Config": s3_config("https://127.0.0.1"), "upload_url": f"https://127.0.0.1/?{QUERY}"},
        {"s3Config": s3_config("https://127.0.0.1"), "width": 511},
    ],
    ids=str,
)
def test_a_refused_target_is_not_repeated_and_nothing_is_rendered(
    tmp_path: Path, fields: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_in(tmp_path)
    reply = world.reply({**JOB, **fields})
    assert reply["code"] in {"invalid_input", "input_refused"}
    assert leaks(json.dumps(reply)) == []
    logged(capsys)
    assert world.model.plans == []


def test_what_breaks_while_a_clip_is_put_is_logged_without_the_target(
    tmp_path: Path, server: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_in(tmp_path)
    for target in targets(server, "x"):
        own = f"/x/a.mp4?{QUERY}" if "upload_url" in target else f"{ID} {SECRET!r} {SECRET.encode()!r}"
        world.model.error = KeyError(f"PUT {target!r} {json.dumps(target)} {own}")
        reply = world.reply({**JOB, **target})
        assert reply["code"] == "internal"
        assert leaks(json.dumps(reply)) == []
    logged(capsys)


# --- paths ---------------------------------------------------------------------------------------------------------


WAYS_OUT: Final = (
    *NAMES.values(), "../secret.mp4", "../../secret.mp4", "x/../../secret.mp4", "./../secret.mp4", "..\\secret.mp4",
    "%2e%2e/secret.mp4", "..%2fsecret.mp4", "link/secret.mp4", "link.mp4", "_jobs/job-1.json", "_jobs/../_jobs/a.json",
)  # fmt: skip


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    """A store whose own clips, records and inputs lie beside what nobody may read."""
    root = tmp_path / "root"
    picture = encoded(two_halves())
    for name in ("root/ltx2/a.mp4", "root/ltx2/_jobs/job-1.json", "root/inputs/a.png", "secret.mp4", "root/secret.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(picture)
    for below in ("ltx2", "inputs"):
        (root / below / "link").symlink_to(tmp_path)
        (root / below / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    return LocalStore(LocalConfig(root=root))


def signed(store: LocalStore, path: str) -> Reply:
    codec = open_codec()
    guard = Guard(codec, lambda *_: 1 / 0, {"sign": as_operation(codec, SignObject(store, "ltx2"))})  # type: ignore[arg-type]  # never called
    return guard({"mode": "sign", "path": path}, Job(id="j"), JobControl())


def test_no_path_makes_a_url_for_another_file(local: LocalStore, tmp_path: Path) -> None:
    assert signed(local, "ltx2/a.mp4")["ok"] is True
    with OpenedFiles(tmp_path) as opened:
        for way in WAYS_OUT:
            for path in (way, f"ltx2/{way}", f"{tmp_path}/{way}", f"ltx2/../{way}"):
                reply = signed(local, path)
                assert reply["ok"] is False, path
                assert reply["code"] != "internal", path
                assert str(tmp_path) not in json.dumps(reply).replace(json.dumps(path)[1:-1], ""), path
    assert opened.seen == set()


def test_no_path_reads_another_picture(local: LocalStore, tmp_path: Path) -> None:
    stored = StoredInputs(local, "inputs")
    fetcher = PictureFetcher(client=GuardedClient(), decoder=InProcessDecoder(), stored=stored)
    assert fetcher.fetch(StoredImage(ObjectPath("inputs/a.png")), JobControl()).resolution.width == 4
    with OpenedFiles(tmp_path) as opened:
        for way in WAYS_OUT:
            for path in (way, f"inputs/{way}", f"{tmp_path}/{way}", f"inputs/../{way}", f"ltx2/{way}"):
                with pytest.raises((InvalidValue, WorkerError)) as caught:
                    fetcher.fetch(StoredImage(ObjectPath(path)), JobControl())
                assert str(tmp_path) not in str(caught.value)
    assert opened.seen == set()
