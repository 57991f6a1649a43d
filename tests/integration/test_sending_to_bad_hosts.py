"""POST and PUT to hosts that misbehave."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.http.sending import MAX_ANSWER, Answer
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded
from tests.security.attack_server import AttackServer
from tests.support.certificates import make_certificate
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.resident_peak import resident_rise
from tests.support.sending import (
    BROKE_OFF,
    LARGE,
    SECRET,
    TOO_SLOW,
    UNREACHABLE,
    Zeros,
    failure,
    over_tls,
    send,
)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving({"/a": Reply(body=b"thanks")}) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem", "api.example")


def early() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("over", ["http", "https"])
def test_an_answer_that_comes_before_the_body_is_read_is_the_answer(over: str, certificate: Path) -> None:
    tls = None
    if over == "https":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    with AttackServer({"/a": early}, tls) as server:
        sender = over_tls(server.port, ssl.create_default_context(cafile=str(certificate))) if tls else None
        url = "https://api.example/a" if tls else f"http://127.0.0.1:{server.port}/a"
        body = Zeros(LARGE)
        assert send(url, body, sender=sender, method="PUT").status == 403
        assert body.given < LARGE


X = b"x" * 60_000
ENDLESS = {
    "without a length": (b"HTTP/1.1 200 OK\r\n\r\n", X),
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 120000000\r\n\r\n", X),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"ea60\r\n" + X + b"\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_of_an_endless_answer_four_kibibytes_are_read(name: str) -> None:
    head, block = ENDLESS[name]
    with AttackServer({"/a": lambda: iter([head, *[block] * 2000])}) as server, resident_rise() as rise:
        answer = send(f"http://127.0.0.1:{server.port}/a")
    assert answer.body == b"x" * MAX_ANSWER
    assert rise.size < 8 << 20


def test_a_compressed_answer_is_not_taken_apart(server: HttpServer) -> None:
    server.add("/z", Reply(status=400, headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b" + bytes(500)))
    answer = send(server.url("/z"))
    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize("pause", [0.2, 30.0])
def test_a_body_that_drips_is_given_up_once_the_head_is_there(server: HttpServer, pause: float) -> None:
    server.add("/a", Reply(status=403, body=b"<Error>" * 100, pause=pause))
    begin = time.monotonic()
    assert send(server.url("/a"), seconds=20).status == 403
    assert time.monotonic() - begin < 3


BAD_ANSWERS = {
    "no answer": Reply(raw=b""),
    "no http": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "half a head": Reply(raw=b"HTTP/1.1 200 OK\r\nX: "),
    "endless headers": Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_what_is_no_answer_is_a_failure(server: HttpServer, name: str) -> None:
    server.add("/a", BAD_ANSWERS[name])
    assert failure(server.url(f"/a?{SECRET}")) == BROKE_OFF
    assert len(server.requests) == 1


def test_a_closed_port_is_a_failure() -> None:
    with serving() as gone:
        url = gone.url("/a")
    assert failure(url) == UNREACHABLE


@pytest.mark.parametrize("raw", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500, b"H" * 500], ids=["headers", "silence"])
def test_a_host_that_takes_its_time_ends_with_the_total_time(server: HttpServer, raw: bytes) -> None:
    server.add("/a", Reply(raw=raw, pause=0.02 if raw.startswith(b"HTTP") else 30))
    begin = time.monotonic()
    assert failure(server.url("/a"), seconds=0.3) == TOO_SLOW
    assert time.monotonic() - begin < 1


@contextmanager
def sipping(pause: float) -> Iterator[str]:
    """A server that takes the body in sips."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while not stopping.wait(pause):
                    connection.recv(512)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        stopping.set()
        thread.join()


def test_a_body_that_is_taken_in_sips_ends_with_the_total_time() -> None:
    with sipping(0.02) as url:
        begin = time.monotonic()
        assert failure(url, Zeros(LARGE), seconds=0.5) == TOO_SLOW
        assert time.monotonic() - begin < 2


def test_the_jobs_deadline_and_a_stop_end_it_too() -> None:
    with sipping(0.02) as url, pytest.raises(DeadlineExceeded):
        send(url, Zeros(LARGE), seconds=9, control=JobControl(deadline=time.monotonic() + 0.3))
    begin = time.monotonic()
    with sipping(0.02) as url, pytest.raises(Cancelled):
        send(url, Zeros(LARGE), seconds=9, control=JobControl(is_cancelled=lambda: time.monotonic() > begin + 0.3))
    assert time.monotonic() - begin < 12


def test_header_values_that_would_break_the_line_are_not_sent(server: HttpServer) -> None:
    assert failure(server.url("/a"), headers={"Authorization": "x\r\nX-Evil: 1"}) == BROKE_OFF
    assert server.requests == []


def test_nothing_of_the_answer_shows_in_a_repr() -> None:
    assert repr(Answer(200, {"set-cookie": "topsecret"}, b"topsecret")) == "Answer(status=200)"
