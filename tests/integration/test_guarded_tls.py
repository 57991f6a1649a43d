"""TLS verifies the name although the checked address is dialled."""

import datetime as dt
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.http.client import GuardedClient, default_tls
from application.job_control import JobControl
from domain.errors import InputUnavailable
from tests.support.dialler import RecordingDialler
from tests.support.http_server import HttpServer, Reply, serving

PUBLIC = "93.184.216.34"


def make_certificate(name: str, target: Path) -> Path:
    """A self-signed certificate for `name` with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    target.write_bytes(private + certificate.public_bytes(pem))
    return target


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate("pictures.example", tmp_path_factory.mktemp("tls") / "server.pem")


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
