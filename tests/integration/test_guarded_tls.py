"""TLS verifies the name although the checked address is dialled."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from adapters.http.client import GuardedClient, default_tls
from adapters.http.sending import GuardedSender
from application.job_control import JobControl
from domain.errors import InputUnavailable
from tests.support.certificates import make_certificate
from tests.support.dialler import RecordingDialler
from tests.support.http_server import HttpServer, Reply, serving

PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem", "pictures.example")


@pytest.fixture
def server(certificate: Path) -> Iterator[HttpServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving({"/a": Reply(body=b"abc")}, tls) as running:
        yield running


def get(url: str, dialler: RecordingDialler, tls: ssl.SSLContext, waited: list[float]) -> bytes:
    client = GuardedClient(
        resolver=lambda _host, _port: [ip_address(PUBLIC)], dialler=dialler, tls=tls, sleep=waited.append
    )
    return client.get(url, path="image_url", max_bytes=9, seconds=5, control=JobControl())


def test_the_names_certificate_is_accepted_while_the_checked_address_is_dialled(
    server: HttpServer, certificate: Path
) -> None:
    dialler = RecordingDialler(detour=server.port)
    tls = ssl.create_default_context(cafile=str(certificate))
    assert get("https://pictures.example/a", dialler, tls, []) == b"abc"
    assert dialler.dialled == [(PUBLIC, 443)]
    assert server.requests[0].headers["Host"] == "pictures.example"


def test_a_host_that_pauses_longer_than_one_look_at_the_job_is_heard_to_the_end(
    server: HttpServer, certificate: Path
) -> None:
    """A read that timed out goes on where it was, in TLS too."""
    server.add("/slow", Reply(body=b"ab", pause=1.2))
    tls = ssl.create_default_context(cafile=str(certificate))
    assert get("https://pictures.example/slow", RecordingDialler(detour=server.port), tls, []) == b"ab"


@pytest.mark.parametrize("host", ["other.example", PUBLIC])
def test_another_names_certificate_is_not(server: HttpServer, certificate: Path, host: str) -> None:
    tls = ssl.create_default_context(cafile=str(certificate))
    waited: list[float] = []
    with pytest.raises(InputUnavailable, match="could not be reached"):
        get(f"https://{host}/a", RecordingDialler(detour=server.port), tls, waited)
    assert server.requests == []
    assert waited == []  # it would not get better


def test_the_default_trusts_no_stranger(server: HttpServer) -> None:
    with pytest.raises(InputUnavailable, match="could not be reached"):
        get("https://pictures.example/a", RecordingDialler(detour=server.port), default_tls(), [])
    assert server.requests == []


def test_the_default_does_not_listen_to_the_environment(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert len(default_tls().get_ca_certs()) > 1


def test_all_guarded_requests_of_a_process_share_the_roots() -> None:
    assert GuardedClient().tls is GuardedSender().tls
