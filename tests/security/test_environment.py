"""What stands in the environment for HTTP clients has no say in a guarded request."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest

from adapters.http.client import GuardedClient, default_tls
from adapters.http.config import HttpConfig
from application.job_control import JobControl
from domain.errors import InputUnavailable
from tests.security.attack_server import AttackServer
from tests.security.canary import Canary
from tests.security.hostile_answers import GOOD, answer
from tests.security.hostile_network import GOOD_URL, hostile_network
from tests.support.certificates import make_certificate

LOOPBACK = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy", "REQUEST_METHOD")
"""REQUEST_METHOD: urllib drops HTTP_PROXY where it is set."""


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """Every proxy that the environment can name."""
    with Canary() as canary:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://{canary.hosts[0]}:{canary.port}")
        for name in EXCEPTIONS:
            monkeypatch.delenv(name, raising=False)
        yield canary


@pytest.fixture
def server() -> Iterator[AttackServer]:
    with AttackServer({"/good.png": answer(GOOD)}) as server:
        yield server


def get(client: GuardedClient, url: str) -> bytes:
    return client.get(url, path="image_url", max_bytes=10_000, seconds=5, control=JobControl())


def test_proxies_are_not_asked(canary: Canary, server: AttackServer) -> None:
    assert get(GuardedClient(config=LOOPBACK), f"http://127.0.0.1:{server.port}/good.png") == GOOD
    assert canary.reached() == []


def test_proxies_are_not_asked_for_https(canary: Canary) -> None:
    with hostile_network() as network:
        assert get(network.client(), GOOD_URL) == GOOD
    assert canary.reached() == []


def test_other_clients_would_ask_them(canary: Canary, server: AttackServer) -> None:
    """The counter-test."""
    url = f"http://127.0.0.1:{server.port}/good.png"
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.build_opener().open(url, timeout=5)  # not urlopen, which keeps its proxies for later tests
    with pytest.raises(httpx.HTTPError):
        httpx.get(url)
    assert len(canary.reached()) == 2
    assert server.asked == []


def test_no_password_file_is_read(server: AttackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login operator password not-yours\ndefault login operator password not-yours\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get(GuardedClient(config=LOOPBACK), f"http://127.0.0.1:{server.port}/good.png") == GOOD
    names = [line.partition(b":")[0].lower() for line in server.asked[0].head.split(b"\r\n")[1:] if line]
    assert names == [b"host", b"user-agent", b"accept", b"accept-encoding", b"connection"]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_no_authority_is_added(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with a certificate that the environment vouches for is a stranger all the same."""
    certificate = make_certificate(tmp_path / "server.pem", "pictures.example")
    monkeypatch.setenv(variable, str(tmp_path if variable.endswith("DIR") else certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    config = HttpConfig(private_hosts=frozenset({"127.0.0.1", "pictures.example"}))
    with AttackServer({"/good.png": answer(GOOD)}, context) as server:
        url = f"https://pictures.example:{server.port}/good.png"
        trusting = ssl.create_default_context(cafile=str(certificate))
        resolver = _at_loopback
        assert get(GuardedClient(config=config, resolver=resolver, tls=trusting), url) == GOOD
        with pytest.raises(InputUnavailable, match="could not be reached"):
            get(GuardedClient(config=config, resolver=resolver, tls=default_tls()), url)


def _at_loopback(_host: str, _port: int) -> list[IPv4Address]:
    return [IPv4Address("127.0.0.1")]
