"""The thread that posts: newest first, paced, cut off, and gone when the job is. Through aiohttp on loopback."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import aiohttp
import attrs
import pytest
from structlog.testing import capture_logs

from adapters.progress.posts import JobPosts, Line
from application.job_control import Place
from application.progress import ProgressUpdate
from tests.support.job_done_server import JobDoneServer, job_done_server

UPDATES = [ProgressUpdate("generate", step, 100, step * 0.84, None) for step in range(100)]


@pytest.fixture
def server() -> Iterator[JobDoneServer]:
    with job_done_server() as server:
        yield server


def line(url: str, attempts: int = 1) -> Line:
    """As the SDK does it: failures are kept, and tried again after a second."""

    async def send(session: Any, body: Mapping[str, object], job: Mapping[str, object]) -> None:
        for attempt in range(attempts):
            await asyncio.sleep(min(attempt, 1))
            try:
                async with session.post(f"{url}{job['id']}", json=body) as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                """Tried again."""

    return Line(session=aiohttp.ClientSession, send=send)


def posts(url: str, *, interval: float = 0.0, cap: float = 2.0, attempts: int = 1) -> JobPosts:
    return JobPosts(line(url, attempts), "j", interval=interval, cap=cap)


def seconds_of(action: Callable[[], object]) -> float:
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def test_updates_are_sent_in_order(server: JobDoneServer) -> None:
    with posts(server.url) as offer:
        for done, update in enumerate(UPDATES[:5], start=1):
            offer(update)
            server.until_posts(done)
    assert server.steps("j") == [0, 1, 2, 3, 4]


def test_only_the_newest_update_waits(server: JobDoneServer) -> None:
    with posts(server.url, interval=0.1) as offer:
        offer(UPDATES[0])
        server.until_posts(1)
        for update in UPDATES[1:]:
            offer(update)
        server.until_posts(2)
    assert server.steps("j") == [0, 99]


def test_posts_begin_an_interval_apart(server: JobDoneServer) -> None:
    times = []
    with posts(server.url, interval=0.15) as offer:
        for done in (1, 2, 3):
            offer(UPDATES[done])
            server.until_posts(done)
            times.append(time.monotonic())
    assert times[2] - times[0] > 0.28


def test_an_update_that_was_not_sent_is_dropped_at_the_end(server: JobDoneServer) -> None:
    with ExitStack() as stack:
        offer = stack.enter_context(posts(server.url, interval=30.0))
        offer(UPDATES[0])
        server.until_posts(1)
        offer(UPDATES[1])
        assert seconds_of(stack.close) < 0.3
    assert server.steps("j") == [0]


def test_what_comes_after_the_end_is_dropped(server: JobDoneServer) -> None:
    with posts(server.url) as offer:
        pass
    offer(UPDATES[0])
    assert server.posts == []
    assert [thread for thread in threading.enumerate() if thread.name.startswith("progress")] == []


def test_a_post_that_hangs_is_cut_off_and_the_next_one_goes_out() -> None:
    with job_done_server({"j": "hang"}) as server, capture_logs() as logs:
        with posts(server.url, cap=0.2) as offer:
            offer(UPDATES[0])
            server.until(lambda: server.hung_up == ["j"])
            server.answers = {}
            offer(UPDATES[1])
            server.until_posts(2)
        assert server.steps("j") == [0, 1]
    assert [(entry["event"], entry["fault"], entry["log_level"]) for entry in logs] == [
        ("progress.post_failed", "no answer in 0.2 s", "warning")
    ]


def test_the_end_waits_for_a_post_that_is_being_read_no_longer_than_its_cap() -> None:
    with job_done_server({"j": "hang"}) as server, ExitStack() as stack:
        offer = stack.enter_context(posts(server.url, cap=0.5))
        offer(UPDATES[0])
        server.until_posts(1)
        assert 0.3 < seconds_of(stack.close) < 0.8
        server.until(lambda: server.hung_up)


def test_the_end_does_not_wait_for_a_connection_that_is_being_made() -> None:
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # beyond the backlog, a connection is never answered
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        offer = stack.enter_context(posts(f"http://127.0.0.1:{full.getsockname()[1]}/"))
        offer(UPDATES[0])
        time.sleep(0.2)
        assert seconds_of(stack.close) < 0.3


def test_a_retry_is_not_begun_after_the_end() -> None:
    with job_done_server({"j": 500}) as server:
        with posts(server.url, attempts=3) as offer:
            offer(UPDATES[0])
            server.until_posts(1)
            begin = time.monotonic()
        assert time.monotonic() - begin < 0.3
        time.sleep(1.1)
        assert server.steps("j") == [0]


def test_a_platform_that_refuses_is_asked_less_often_and_complained_about_once() -> None:
    with job_done_server({"j": 400}) as server, capture_logs() as logs:
        with posts(server.url, interval=0.1) as offer:
            begin = time.monotonic()
            while time.monotonic() - begin < 1.0:
                offer(UPDATES[1])
                time.sleep(0.02)
        assert 2 <= len(server.posts) <= 4  # at 0.0, 0.2, 0.6 and not before 1.4 seconds
    assert [(entry["event"], entry["fault"]) for entry in logs] == [("progress.post_failed", "HTTP 400")]


def test_an_unreachable_platform_is_named_in_the_log() -> None:
    with capture_logs() as logs, posts("http://127.0.0.1:9/") as offer:
        offer(UPDATES[0])
        begin = time.monotonic()
        while not logs and time.monotonic() - begin < 5:
            time.sleep(0.01)
    assert logs[0]["fault"] == "ClientConnectorError"


@pytest.mark.parametrize("place", ["session", "send"])
def test_what_nobody_foresaw_comes_out_at_the_end(server: JobDoneServer, place: str) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    good = line(server.url)
    bad = Line(session=broken, send=good.send) if place == "session" else Line(session=good.session, send=broken)
    stack = ExitStack()
    offer = stack.enter_context(JobPosts(bad, "j", interval=0.0, cap=2.0))
    for update in UPDATES:
        offer(update)
    time.sleep(0.05)
    offer(UPDATES[0])
    with pytest.raises(ZeroDivisionError):
        stack.close()


def test_a_job_without_any_update_ends_at_once() -> None:
    with ExitStack() as stack:
        stack.enter_context(posts("http://127.0.0.1:9/"))
        assert seconds_of(stack.close) < 0.3


def test_of_several_clips_the_status_says_which(server: JobDoneServer) -> None:
    with posts(server.url) as offer:
        offer(attrs.evolve(UPDATES[0], place=Place(3, 8)))
        server.until_posts(1)
    (told,) = [post.body["output"] for post in server.posts]
    assert told == {
        "item": 3, "items": 8, "stage": "generate", "step": 0, "total": 100, "percent": 0.0, "eta_seconds": None,
    }  # fmt: skip
