"""SeaweedFS: a real S3 server that checks keys and buckets."""

import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from tests.support.server_process import LOOPBACK, Program, ServerFailed, free_port, running

_VOLUMES = 2_000
"""The server gives each bucket files of its own, one at a time as told here, and makes them as they are needed."""
_ENVIRONMENT = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}

_STARTS = 3
"""The server takes no port 0: somebody may take one of its ports before it does."""


@attrs.frozen(kw_only=True)
class SeaweedServer:
    """`endpoint` is the root; buckets are reached by path.

    One pair of keys may do everything; another, of `reader_key_id` and the same secret, may only read. A bucket that
    was not made is missing. Whoever has no key can read `public_bucket` and nothing else.
    """

    endpoint: str
    filer: str
    access_key_id: str = "AccessKeyOfTheWorker"
    secret_access_key: str = "secret-access-key-of-the-worker"
    reader_key_id: str = "AccessKeyOfTheReader"
    public_bucket: str = "public-bucket"

    def make_bucket(self, name: str) -> None:
        httpx.post(f"{self.filer}/buckets/{name}/", trust_env=False).raise_for_status()


@attrs.frozen(kw_only=True)
class _Ports:
    """All that the server listens on; by default some of them would be its HTTP ports + 10000."""

    master: int = attrs.field(factory=free_port)
    master_grpc: int = attrs.field(factory=free_port)
    volume: int = attrs.field(factory=free_port)
    volume_grpc: int = attrs.field(factory=free_port)
    filer: int = attrs.field(factory=free_port)
    filer_grpc: int = attrs.field(factory=free_port)
    s3: int = attrs.field(factory=free_port)
    s3_grpc: int = attrs.field(factory=free_port)


@contextmanager
def seaweedfs(folder: Path) -> Iterator[SeaweedServer]:
    """A server that keeps its objects in `folder`; up in about four seconds."""
    with contextlib.ExitStack() as stack:
        yield _started(stack, folder)


def _started(stack: contextlib.ExitStack, folder: Path) -> SeaweedServer:
    for number in range(_STARTS):
        try:
            return stack.enter_context(_once(folder / f"start-{number}", _Ports()))
        except ServerFailed as failed:
            if "address already in use" not in str(failed):
                raise
    message = "unlucky with the ports"
    raise ServerFailed(message, folder / f"start-{_STARTS - 1}" / "server.log")


@contextmanager
def _once(folder: Path, ports: _Ports) -> Iterator[SeaweedServer]:
    server = SeaweedServer(endpoint=f"http://{LOOPBACK}:{ports.s3}", filer=f"http://{LOOPBACK}:{ports.filer}")
    folder.mkdir(parents=True)
    (folder / "s3.json").write_text(json.dumps({"identities": _identities(server)}))

    def ready(_: str) -> bool | None:
        try:
            httpx.get(f"{server.endpoint}/healthz", trust_env=False).raise_for_status()
            server.make_bucket(server.public_bucket)
        except httpx.HTTPError:
            return None
        return True

    try:
        with running(Program(command=_command(ports), folder=folder, environment=_ENVIRONMENT), ready):
            yield server
    finally:
        for port in attrs.astuple(ports):  # it puts its sockets there, whatever TMPDIR says, and they outlive it
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - the place is not ours to choose
                left.unlink(missing_ok=True)


def _identities(server: SeaweedServer) -> list[dict[str, object]]:
    worker = {"accessKey": server.access_key_id, "secretKey": server.secret_access_key}
    reader = {"accessKey": server.reader_key_id, "secretKey": server.secret_access_key}
    return [
        {"name": "worker", "credentials": [worker], "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
        {"name": "reader", "credentials": [reader], "actions": ["Read", "List"]},
        {"name": "anonymous", "actions": [f"Read:{server.public_bucket}"]},
    ]


def _command(ports: _Ports) -> list[str]:
    """An election of 10 s among one server is not worth waiting for; volumes are small to fit into a test machine."""
    return [
        str(Path(sys.executable).with_name("weed")), "-logtostderr", "server", "-dir=.",
        f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}",
        f"-master.port={ports.master}", f"-master.port.grpc={ports.master_grpc}",
        "-master.electionTimeout=1s", "-master.volumeSizeLimitMB=1024", "-master.telemetry=false",
        f"-volume.port={ports.volume}", f"-volume.port.grpc={ports.volume_grpc}", f"-volume.max={_VOLUMES}",
        "-filer", f"-filer.port={ports.filer}", f"-filer.port.grpc={ports.filer_grpc}",
        "-s3", f"-s3.port={ports.s3}", f"-s3.port.grpc={ports.s3_grpc}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-s3.config=s3.json", "-s3.iam=false", "-s3.autoCreateBucket=false",
    ]  # fmt: skip
