"""Hosts that answer late, early, never or oddly: the clip of a job's target is neither lost nor said to be there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from typing_extensions import override

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.sending import Answer, GuardedSender, SendFailed
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.target_store import SendingTargetStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import Cancelled, StorageUnavailable
from tests.support.http_server import Reply, serving
from tests.support.targets import upload_url

SIZE: Final = 8 << 20
"""More than the buffers of both ends of a connection hold."""
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BEYOND_C: Final = "Mon, 01 Jan 2024 00:00:00 +9999999999999"
"""A date whose zone is more than a C integer holds."""
HOSTS: Final = AllowedHosts(frozenset({"127.0.0.1"}), setting="UPLOAD_ALLOWED_HOSTS")
SENDER: Final = GuardedSender(config=HttpConfig(private_hosts=frozenset({"127.0.0.1"})), hosts=HOSTS)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(bytes(SIZE))
    return path


@contextmanager
def host(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a host that does `answer` with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/clips/a.mp4"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def read(connection: socket.socket, count: int) -> None:
    while count > 0 and (data := connection.recv(1 << 16)):
        count -= len(data)


def put(url: str, clip: Path, control: JobControl | None = None, *, sender: GuardedSender = SENDER) -> None:
    store = SendingTargetStore(sender=sender, policy=RetryPolicy(attempts=3, wait_initial=0.01))
    headers = ObjectHeaders(content_type="video/mp4")
    store.put(clip, "ltx2/a/b.mp4", headers, upload_url(url), control or JobControl(), signed=False)


def stopped_after(seconds: float) -> JobControl:
    ends_at = time.monotonic() + seconds
    return JobControl(is_cancelled=lambda: time.monotonic() > ends_at)


def test_a_success_before_the_whole_clip_is_none(clip: Path) -> None:
    asked = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection)
        connection.recv(1 << 14)
        connection.sendall(OK)
        time.sleep(0.3)  # the client sees the answer before the end

    with host(answer) as url, pytest.raises(StorageUnavailable, match="before it had the whole clip"):
        put(url, clip)
    assert len(asked) == 3


def late(seconds: float) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        read(connection, SIZE)
        time.sleep(seconds)
        connection.sendall(OK)

    return answer


def test_an_answer_is_waited_for_as_long_as_the_sender_is_told() -> None:
    def send(answer_seconds: float) -> Answer:
        with host(late(0.5)) as url:
            control = JobControl()
            return SENDER.send(
                "PUT", url, body=bytes(SIZE), headers={}, seconds=9, control=control, answer_seconds=answer_seconds
            )

    assert send(5.0).status == 200
    with pytest.raises(SendFailed, match="too slow"):
        send(0.1)


@attrs.frozen(kw_only=True, eq=False)
class Recording(GuardedSender):
    """Remembers how long it is told to wait for an answer."""

    waits: list[float] = attrs.field(factory=list)

    @override
    def send(self, *arguments: Any, answer_seconds: float = 0.0, **named: Any) -> Answer:
        self.waits.append(answer_seconds)
        return super().send(*arguments, answer_seconds=answer_seconds, **named)


def test_a_store_has_two_minutes_to_write_a_clip_down(clip: Path) -> None:
    sender = Recording(config=SENDER.config, hosts=HOSTS)
    with host(late(0.0)) as url:
        put(url, clip, sender=sender)
    assert sender.waits == [120.0]


def test_a_stopped_job_does_not_wait_for_a_silent_host(clip: Path) -> None:
    begin = time.monotonic()
    with host(late(4.0)) as url, pytest.raises(Cancelled):
        put(url, clip, stopped_after(0.3))
    assert time.monotonic() - begin < 10.0  # the host's own pause is part of it


def test_a_stopped_job_does_not_wait_out_what_a_host_asks_for(clip: Path) -> None:
    begin = time.monotonic()
    with (
        serving({"/clips/a.mp4": Reply(status=503, headers={"Retry-After": "40"})}) as server,
        pytest.raises(Cancelled),
    ):
        put(server.url("/clips/a.mp4"), clip, stopped_after(0.3))
    assert time.monotonic() - begin < 10.0


def test_a_retry_after_beyond_all_dates_is_none(clip: Path) -> None:
    with serving({"/clips/a.mp4": Reply(status=503, headers={"Retry-After": BEYOND_C})}) as server:
        with pytest.raises(StorageUnavailable, match="status 503"):
            put(server.url("/clips/a.mp4"), clip)
        assert len(server.requests) == 3
