"""Downloads into a file, from a real server that misbehaves. The rules are those of `get`: see its tests."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.http.files import write_new
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded, DiskFull, InputRefused, InputUnavailable, WorkerError
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.process import file_size_limit
from tests.support.resident_peak import resident_rise

LIMIT = 1_000_000
SECRET = "sig=topsecret"  # pragma: allowlist secret


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


def download(
    url: str, target: Path, *, limit: int = LIMIT, seconds: float = 5.0, control: JobControl | None = None
) -> None:
    client = GuardedClient(config=HttpConfig(private_hosts=frozenset({"127.0.0.1"})), sleep=lambda _: None)
    client.download(url, target, path="video_url", max_bytes=limit, seconds=seconds, control=control or JobControl())


def fails(error: type[WorkerError], url: str, target: Path, *, seconds: float = 5.0) -> str:
    with pytest.raises(error) as caught:
        download(url, target, seconds=seconds)
    assert not target.exists()
    assert "127.0.0.1" not in caught.value.message
    assert SECRET not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("length", ["true", None])
@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_bytes_come_as_they_are_into_a_file_of_ours(
    server: HttpServer, tmp_path: Path, size: int, length: str | None
) -> None:
    body = os.urandom(size)
    server.add("/a", Reply(body=body, length=length))
    download(server.url("/a"), tmp_path / "clip")
    assert (tmp_path / "clip").read_bytes() == body
    assert stat.S_IMODE((tmp_path / "clip").stat().st_mode) == 0o600


def test_redirects_and_second_tries_end_in_one_file(server: HttpServer, tmp_path: Path) -> None:
    server.add("/a", Reply(status=302, headers={"Location": "/b"}, body=b"not this"))
    server.add("/b", Reply(status=503, body=b"nor this"), Reply(body=b"abc"))
    download(server.url("/a"), tmp_path / "clip")
    assert (tmp_path / "clip").read_bytes() == b"abc"


@pytest.mark.parametrize("length", ["true", None])
def test_a_file_over_the_limit_leaves_nothing(server: HttpServer, tmp_path: Path, length: str | None) -> None:
    server.add("/a", Reply(body=bytes(LIMIT + 1), length=length))
    message = fails(InputRefused, server.url(f"/a?{SECRET}"), tmp_path / "clip")
    assert message == "video_url must be at most 1000000 bytes"


def test_what_breaks_off_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    server.add("/a", Reply(body=bytes(9_000), length=9_001))
    message = fails(InputUnavailable, server.url("/a"), tmp_path / "clip")
    assert message == "video_url could not be fetched: its host broke the transfer off"


def test_what_drips_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    server.add("/a", Reply(body=bytes(9_000), pause=0.05))
    message = fails(InputUnavailable, server.url("/a"), tmp_path / "clip", seconds=0.3)
    assert message == "video_url could not be fetched: its host was too slow"


@pytest.mark.parametrize("url", ["http://169.254.169.254/a", "https://10.0.0.1/a", "file:///etc/passwd"])
def test_what_get_refuses_is_refused(tmp_path: Path, url: str) -> None:
    fails(InputRefused, url, tmp_path / "clip")


def test_a_job_that_ends_meanwhile_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    server.add("/a", Reply(body=bytes(9_000), pause=0.02))
    target = tmp_path / "clip"
    stopping = JobControl(is_cancelled=target.exists)
    with pytest.raises(Cancelled):
        download(server.url("/a"), target, control=stopping)
    assert not target.exists()
    with pytest.raises(DeadlineExceeded):
        download(server.url("/a"), target, control=JobControl(deadline=1.0, clock=lambda: 2.0))
    assert not target.exists()


def test_a_full_disk_is_told_and_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    server.add("/a", Reply(body=bytes(LIMIT)))
    with file_size_limit(100_000), pytest.raises(DiskFull, match="disk has no room"):
        download(server.url("/a"), tmp_path / "clip")
    assert not (tmp_path / "clip").exists()


def test_a_file_that_is_there_stays(server: HttpServer, tmp_path: Path) -> None:
    target = tmp_path / "clip"
    target.write_bytes(b"mine")
    server.add("/a", Reply(body=b"abc"))
    with pytest.raises(FileExistsError):
        download(server.url("/a"), target)
    assert target.read_bytes() == b"mine"
    (tmp_path / "link").symlink_to(tmp_path / "other")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "link", iter((b"abc",)))
    assert not (tmp_path / "other").exists()


def test_memory_does_not_grow_with_the_file(server: HttpServer, tmp_path: Path) -> None:
    size = 64 << 20
    server.add("/a", Reply(body=bytes(size)))
    with resident_rise() as rise:
        download(server.url("/a"), tmp_path / "clip", limit=size)
    assert (tmp_path / "clip").stat().st_size == size
    assert rise.size < 8 << 20
