"""POST and PUT to a real server: what arrives, and who may be sent to."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Literal

import pytest
from typing_extensions import override

from adapters.http.addresses import Address
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.client import default_tls
from adapters.http.config import HttpConfig
from adapters.http.sending import GuardedSender, SendFailed, SendRefused
from domain.errors import StorageRejected
from tests.support.certificates import make_certificate
from tests.support.dialler import RecordingDialler
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.resident_peak import resident_rise
from tests.support.sending import (
    HERE,
    LOOPBACK,
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


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_body_arrives_as_it_is_with_its_length(server: HttpServer, method: Literal["POST", "PUT"]) -> None:
    answer = send(server.url("/a?x=1"), b"abc", method=method, headers={"Content-Type": "video/mp4"})
    assert (answer.status, answer.body) == (200, b"thanks")
    seen = server.requests[0]
    assert (seen.method, seen.path, seen.body) == (method, "/a?x=1", b"abc")
    assert {name.lower(): value for name, value in seen.headers.items()} == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "ltx2-runpod-worker",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "content-type": "video/mp4",
        "content-length": "3",
    }


def test_an_empty_body_is_sent_too(server: HttpServer) -> None:
    assert send(server.url("/a"), b"").status == 200
    assert server.requests[0].headers["Content-Length"] == "0"


def test_a_large_body_is_streamed_with_flat_memory() -> None:
    body = Zeros(64 << 20)
    with draining(body.total) as url, resident_rise() as rise:
        assert send(url, body, method="PUT").status == 200
    assert body.given == body.total
    assert body.largest <= 1 << 16
    assert rise.size < 16 << 20


@contextmanager
def draining(total: int) -> Iterator[str]:
    """A server that takes `total` bytes of a body, keeps none of it, and says 200."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                left, buffer, head = total, bytearray(1 << 16), b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(1 << 16)
                left -= len(head.partition(b"\r\n\r\n")[2])
                while left and (taken := connection.recv_into(buffer)):
                    left -= taken
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        thread.join()


def test_a_body_that_ends_early_is_not_sent_as_a_whole(server: HttpServer) -> None:
    with pytest.raises(SendFailed, match="ended early"):
        send(server.url("/a"), Zeros(total=100, length=10))


def test_what_the_body_raises_is_passed_on(server: HttpServer) -> None:
    class Changed(Zeros):
        @override
        def read(self, size: int, /) -> bytes:
            message = "The file changed"
            raise StorageRejected(message)

    with pytest.raises(StorageRejected):
        send(server.url("/a"), Changed(9))


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 400, 403, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(server: HttpServer, status: int) -> None:
    headers = {"Location": "/a", "Retry-After": "7"}
    server.add("/b", Reply(status=status, headers=headers, body=b"" if status == 204 else b"no"))
    answer = send(server.url("/b"))
    assert answer.status == status
    assert answer.headers["location"] == "/a"
    assert answer.headers["retry-after"] == "7"
    assert [seen.path for seen in server.requests] == ["/b"]


# --- who may be sent to --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        (AllowedHosts(setting="SOME_HOSTS"), "is not accepted by this worker: SOME_HOSTS names no host"),
        (AllowedHosts(frozenset({"127.0.0.2"}), "SOME_HOSTS"), "must lead to a host that SOME_HOSTS names"),
    ],
)
def test_only_listed_hosts_are_sent_to(server: HttpServer, hosts: AllowedHosts, reason: str) -> None:
    sender = GuardedSender(config=LOOPBACK, hosts=hosts)
    with pytest.raises(SendRefused) as caught:
        send(server.url("/a"), sender=sender)
    assert caught.value.reason == reason
    with pytest.raises(SendRefused):
        sender.check(server.url("/a"))
    assert server.requests == []


def test_a_listed_host_still_has_to_be_public(server: HttpServer) -> None:
    with pytest.raises(SendRefused, match="must be an https URL"):
        send(server.url("/a"), sender=GuardedSender(hosts=HERE))
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example/", "must be an https URL"),
        ("https://api.example:8443/", "must use port 443 or 80"),
        ("https://user:pw@api.example/", "must not carry a user name or a password"),  # pragma: allowlist secret
        ("https://other.example/", "must lead to a host that SOME_HOSTS names"),
        ("https://169.254.169.254/", "leads to an address that is not allowed"),
        ("file:///etc/passwd", "must be an https URL"),
    ],
)
def test_a_text_that_is_forbidden_is_refused_before_anything_is_resolved(url: str, reason: str) -> None:
    def never(_host: str, _port: int) -> Sequence[Address]:
        raise AssertionError

    sender = GuardedSender(hosts=AllowedHosts(frozenset({"api.example"}), "SOME_HOSTS"), resolver=never)
    for attempt in (lambda: sender.check(url), lambda: send(url, sender=sender)):
        with pytest.raises(SendRefused) as caught:
            attempt()
        assert caught.value.reason == reason
    sender.check("https://API.example./hook?x=1")


@pytest.mark.parametrize("answers", [("10.0.0.7",), ("93.184.216.34", "127.0.0.1"), ()])
def test_a_name_that_leads_inside_is_never_dialled(answers: tuple[str, ...]) -> None:
    dialler = RecordingDialler()
    sender = GuardedSender(
        hosts=AllowedHosts(frozenset({"api.example"})),
        resolver=lambda _host, _port: [ip_address(address) for address in answers],
        dialler=dialler,
    )
    assert failure("https://api.example/", sender=sender) == UNREACHABLE
    assert dialler.dialled == []


def test_the_address_that_was_checked_is_the_one_that_is_dialled(server: HttpServer) -> None:
    """The second answer of a moving name is never asked for."""
    asked: list[str] = []

    def moving(host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "127.0.0.2")]

    dialler = RecordingDialler(detour=server.port)
    config = HttpConfig(private_networks=(IPv4Network("127.0.0.1/32"),))
    sender = GuardedSender(
        config=config, hosts=AllowedHosts(frozenset({"api.example"})), resolver=moving, dialler=dialler
    )
    assert send(server.url("/a", host="api.example"), sender=sender).status == 200
    assert dialler.dialled == [("127.0.0.1", server.port)]
    with pytest.raises(SendRefused, match="must be an https URL"):  # it moved: by its rule, and not dialled
        send(server.url("/a", host="api.example"), sender=sender)
    assert len(dialler.dialled) == 1


def test_proxies_of_the_environment_are_not_asked(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(server.url("/a")).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem", "api.example")


@pytest.fixture
def secure(certificate: Path) -> Iterator[HttpServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving({"/a": Reply()}, tls) as running:
        yield running


def test_the_certificate_is_checked_for_the_name(secure: HttpServer, certificate: Path) -> None:
    sender = over_tls(secure.port, ssl.create_default_context(cafile=str(certificate)))
    assert send("https://api.example/a", sender=sender).status == 200
    assert failure("https://other.example/a", sender=sender) == UNREACHABLE
    assert failure("https://api.example/a", sender=over_tls(secure.port, default_tls())) == UNREACHABLE
    assert len(secure.requests) == 1
