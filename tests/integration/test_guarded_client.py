"""Downloads from a real server that misbehaves."""

import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, ip_address

import attrs
import pytest

from adapters.http.addresses import Address
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from application.job_control import JobControl
from domain.errors import DeadlineExceeded, InputRefused, InputUnavailable, WorkerError
from tests.support.dialler import RecordingDialler
from tests.support.http_server import HttpServer, Reply, serving

LIMIT = 1000
SECRET = "sig=topsecret"  # pragma: allowlist secret
LOOPBACK = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))
UNREACHABLE = "image_url could not be fetched: its host could not be reached"


@attrs.frozen
class Downloads:
    """A client that waits for nothing between its tries; `waited` has what it would have waited."""

    config: HttpConfig = LOOPBACK
    waited: list[float] = attrs.field(factory=list)

    def get(self, url: str, *, seconds: float = 5.0, control: JobControl | None = None) -> bytes:
        client = GuardedClient(config=self.config, sleep=self.waited.append)
        return client.get(url, path="image_url", max_bytes=LIMIT, seconds=seconds, control=control or JobControl())

    def failure(self, error: type[WorkerError], url: str, *, seconds: float = 5.0) -> str:
        with pytest.raises(error) as caught:
            self.get(url, seconds=seconds)
        message = caught.value.message
        assert message.startswith("image_url ")
        for secret in (SECRET, "127.0.0.1", "localhost", "secret body"):
            assert secret not in message
        return message


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


def test_bytes_come_as_they_are(server: HttpServer) -> None:
    server.add("/a", Reply(body=b"abc"))
    assert Downloads().get(server.url("/a?x=1")) == b"abc"
    assert server.requests[0].path == "/a?x=1"
    headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "ltx2-runpod-worker",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    }


def test_without_the_operators_word_loopback_is_never_asked(server: HttpServer) -> None:
    server.add("/a", Reply(body=b"abc"))
    assert Downloads(HttpConfig()).failure(InputRefused, server.url("/a")) == "image_url must be an https URL"
    allowed = Downloads(HttpConfig(allow_http=True))
    assert allowed.failure(InputRefused, server.url("/a")) == "image_url must use port 443 or 80"
    assert server.requests == []


def test_an_allowed_network_serves_names_that_lead_there(server: HttpServer) -> None:
    server.add("/a", Reply(body=b"abc"))
    config = HttpConfig(private_networks=(IPv4Network("127.0.0.0/8"),))
    client = GuardedClient(config=config, resolver=lambda _h, _p: [ip_address("127.0.0.1")])
    url = server.url("/a", host="pictures.example")
    assert client.get(url, path="p", max_bytes=9, seconds=5, control=JobControl()) == b"abc"
    assert server.requests[0].headers["Host"] == f"pictures.example:{server.port}"


@pytest.mark.parametrize("length", ["true", None])
def test_the_limit_is_the_largest_size(server: HttpServer, length: str | None) -> None:
    server.add("/fits", Reply(body=bytes(LIMIT), length=length))
    server.add("/over", Reply(body=bytes(LIMIT + 1), length=length))
    assert len(Downloads().get(server.url("/fits"))) == LIMIT
    assert Downloads().failure(InputRefused, server.url("/over")) == "image_url must be at most 1000 bytes"


def test_a_declared_size_over_the_limit_is_refused_before_the_body(server: HttpServer) -> None:
    server.add("/a", Reply(body=bytes(9), length=LIMIT + 1, pause=30))
    started = time.monotonic()
    Downloads().failure(InputRefused, server.url("/a"))
    assert time.monotonic() - started < 2


def test_compressed_bodies_are_refused(server: HttpServer) -> None:
    server.add("/a", Reply(body=b"x", headers={"Content-Encoding": "gzip"}))
    server.add("/b", Reply(body=b"x", headers={"Content-Encoding": "Identity"}))
    message = Downloads().failure(InputRefused, server.url("/a"))
    assert message == "image_url came compressed, which is not accepted"
    assert Downloads().get(server.url("/b")) == b"x"


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 429])
def test_other_statuses_than_200_are_unavailable_and_not_tried_again(server: HttpServer, status: int) -> None:
    server.add("/a", Reply(status=status, body=b"" if status in {204, 304} else b"secret body"))
    downloads = Downloads()
    message = downloads.failure(InputUnavailable, server.url(f"/a?{SECRET}"))
    assert message == f"image_url could not be fetched: its host answered with status {status}"
    assert len(server.requests) == 1


def test_a_server_error_is_tried_again(server: HttpServer) -> None:
    server.add("/a", Reply(status=500), Reply(status=503), Reply(body=b"abc"))
    downloads = Downloads()
    assert downloads.get(server.url("/a")) == b"abc"
    assert downloads.waited == [0.2, 0.6]


def test_two_retries_are_all_also_over_redirects(server: HttpServer) -> None:
    server.add("/a", Reply(status=500), Reply(status=302, headers={"Location": "/b"}))
    server.add("/b", Reply(status=500))
    assert Downloads().failure(InputUnavailable, server.url("/a")) == "image_url could not be fetched: its host failed"
    assert [seen.path for seen in server.requests] == ["/a", "/a", "/b", "/b"]


def test_a_closed_port_is_tried_three_times() -> None:
    with serving() as gone:
        url = gone.url("/a")
    downloads = Downloads()
    assert downloads.failure(InputUnavailable, url) == UNREACHABLE
    assert downloads.waited == [0.2, 0.6]


def test_redirects_are_followed_up_to_three(server: HttpServer) -> None:
    for step in range(4):
        server.add(f"/{step}", Reply(status=302, headers={"Location": f"/{step + 1}"}))
    server.add("/4", Reply(body=b"abc"))
    assert Downloads().get(server.url("/1")) == b"abc"
    assert Downloads().failure(InputRefused, server.url("/0")) == "image_url redirects more than 3 times"


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest", "https://localhost/", "http://example.com/", "file:///etc/passwd", "https://[x"],
)
def test_redirects_into_what_is_forbidden_are_refused(server: HttpServer, location: str) -> None:
    server.add("/a", Reply(status=307, headers={"Location": location}))
    Downloads().failure(InputRefused, server.url("/a"))


def test_only_listed_hosts_are_fetched_from_also_by_way_of_a_redirect(server: HttpServer) -> None:
    server.add("/a", Reply(body=b"abc"))
    server.add("/away", Reply(status=302, headers={"Location": server.url("/a", host="other.example")}))
    config = HttpConfig(private_networks=(IPv4Network("127.0.0.0/8"),))
    hosts = AllowedHosts(frozenset({"pictures.example"}), "INPUT_ALLOWED_HOSTS")
    client = GuardedClient(config=config, hosts=hosts, resolver=lambda _h, _p: [ip_address("127.0.0.1")])

    def get(path: str, host: str) -> bytes:
        return client.get(server.url(path, host=host), path="p", max_bytes=9, seconds=5, control=JobControl())

    assert get("/a", "pictures.example") == b"abc"
    for path, host in (("/a", "other.example"), ("/away", "pictures.example")):
        with pytest.raises(InputRefused, match="must lead to a host that INPUT_ALLOWED_HOSTS names"):
            get(path, host)
    assert [request.path for request in server.requests] == ["/a", "/away"]


def test_a_redirect_to_nowhere_is_unavailable(server: HttpServer) -> None:
    server.add("/a", Reply(status=301))
    assert "status 301" in Downloads().failure(InputUnavailable, server.url("/a"))


BROKE_OFF = "image_url could not be fetched: its host broke the transfer off"
BAD_ANSWERS = {
    "early end": Reply(body=b"abc", length=9),
    "no answer": Reply(raw=b""),
    "no http": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "two lengths": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "endless length": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nab"),
    "bad chunk": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"),
    "early end of chunks": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
    "endless headers": Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_transfers_that_break_off_are_unavailable_and_not_tried_again(server: HttpServer, name: str) -> None:
    server.add("/a", BAD_ANSWERS[name])
    downloads = Downloads()
    assert downloads.failure(InputUnavailable, server.url("/a")) == BROKE_OFF
    assert len(server.requests) == 1


DRIPS = {
    "body": Reply(body=bytes(500), pause=0.02),
    "headers": Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500, pause=0.02),
}


@pytest.mark.parametrize("what", DRIPS)
def test_a_slow_drip_ends_with_the_total_time(server: HttpServer, what: str) -> None:
    server.add("/a", DRIPS[what])
    started = time.monotonic()
    message = Downloads().failure(InputUnavailable, server.url("/a"), seconds=0.2)
    assert message == "image_url could not be fetched: its host was too slow"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("what", [*DRIPS, "silence"])
def test_the_jobs_deadline_ends_a_download(server: HttpServer, what: str) -> None:
    server.add("/a", {**DRIPS, "silence": Reply(raw=b"x", pause=30)}[what])
    control = JobControl(deadline=time.monotonic() + 0.2)
    with pytest.raises(DeadlineExceeded):
        Downloads().get(server.url("/a"), control=control)
    assert time.monotonic() - (control.deadline or 0.0) < 1


def test_nothing_tells_a_forbidden_answer_from_a_missing_name() -> None:
    """Code and words are those of a closed public port too, and neither is tried again or dialled."""

    def resolver(host: str, _port: int) -> Sequence[Address]:
        if host == "missing.example":
            message = "Name or service not known"
            raise OSError(message)
        return [ip_address("10.0.0.7" if host == "inside.example" else "93.184.216.34")]

    dialler = RecordingDialler()
    waited: list[float] = []
    client = GuardedClient(resolver=resolver, dialler=dialler, sleep=waited.append)
    outcomes = set()
    for host in ("missing.example", "inside.example", "closed.example"):
        with pytest.raises(InputUnavailable) as caught:
            client.get(f"https://{host}/", path="image_url", max_bytes=9, seconds=5, control=JobControl())
        outcomes.add((type(caught.value), caught.value.message))
        if host != "closed.example":
            assert dialler.dialled == []
            assert waited == []
    assert outcomes == {(InputUnavailable, UNREACHABLE)}


@pytest.mark.parametrize("exists", [True, False])
def test_a_name_that_may_only_lead_inside_is_refused_by_its_rule(exists: bool) -> None:
    config = HttpConfig(private_networks=(IPv4Network("10.0.0.0/8"),))
    client = GuardedClient(config=config, resolver=lambda _h, _p: [ip_address("93.184.216.34")] if exists else [])
    with pytest.raises(InputRefused, match="image_url must be an https URL"):
        client.get("http://example.com/", path="image_url", max_bytes=9, seconds=5, control=JobControl())
