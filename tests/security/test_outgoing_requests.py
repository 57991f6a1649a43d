"""Which requests leave the worker, and how much of each a caller decides.

| request | by | a caller decides | guarded by |
|---|---|---|---|
| an input picture | adapters/http | the whole URL | the address guard |
| an event of a job's end | adapters/http | the URL, on a host that the operator lists | the list, the address guard |
| a clip to a job's target | adapters/http | the URL, on a host that the operator lists | the list, the address guard |
| a LoRA from the Hub | adapters/video_model/diffusers | owner, name and file of a repository | its form |
| the model from the Hub | adapters/video_model/diffusers | nothing | |
| a clip to the store | adapters/object_store | the last part of the object's path | its form |
| progress and results to RunPod | adapters/progress, the SDK | nothing | |
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.lora.library import LoraLibrary
from adapters.wire.requests import decode_request
from domain.errors import InputRefused, InvalidInput, InvalidValue, ModelUnavailable
from domain.lora import Lora, LoraSource, WeightName
from tests.security.attack_server import AttackServer
from tests.security.canary import Canary

ROOT: Final = Path(__file__).resolve().parents[2]

SPEAKS: Final = frozenset(
    {"aiohttp", "asyncio", "ftplib", "http", "httpcore", "httpx", "httpx2", "huggingface_hub", "imaplib", "nntplib",
     "obstore", "poplib", "requests", "runpod", "smtplib", "socket", "socketserver", "ssl", "storage3", "supabase",
     "telnetlib", "urllib", "urllib3", "websockets", "xmlrpc"}
)  # fmt: skip
"""What opens connections, or is a client of something that does. Of urllib only `urllib.parse` may be had freely."""

WHO_SPEAKS: Final = {
    "adapters/http": "the guard itself",
    "adapters/object_store": "the operator's store",
    "adapters/progress": "the platform",
    "adapters/sandbox": "the decoder's process, over a socket pair",
    "adapters/settings/places.py": "nobody: it asks for this machine's name, which is redacted",
    "adapters/video_model/diffusers/lora/hub.py": "the Hub: a repository that the caller names",
    "adapters/video_model/diffusers/repository.py": "the Hub: the operator's model",
    "entrypoints/job_handler.py": "the event loop of the SDK",
    "entrypoints/runpod_worker.py": "the platform",
    "entrypoints/sdk.py": "nobody: it imports the platform's SDK",
    "entrypoints/worker_life.py": "the event loop of the SDK",
}


@functools.cache
def speakers() -> dict[str, set[str]]:
    """Our files that import something of SPEAKS, and what."""
    files = [ROOT / "container.py", ROOT / "handler.py"]
    for folder in ("domain", "application", "adapters", "entrypoints"):
        files += (ROOT / folder).rglob("*.py")
    found = {str(file.relative_to(ROOT)): set(_speaking_imports(file)) for file in files}
    return {name: names for name, names in found.items() if names}


def _speaking_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        else:
            continue
        yield from (module for module in modules if module.split(".")[0] in SPEAKS and module != "urllib.parse")


def test_nothing_else_speaks_to_the_network() -> None:
    unknown = {
        name: names for name, names in speakers().items() if not any(name.startswith(place) for place in WHO_SPEAKS)
    }
    assert unknown == {}, "tell in the table above what a caller decides of its requests"


def test_everybody_in_the_table_still_speaks() -> None:
    assert all(any(name.startswith(place) for name in speakers()) for place in WHO_SPEAKS)


# --- adapters from the Hub -----------------------------------------------------------------------------------------

NO_NAMES = [
    "https://127.0.0.2/a", "http://127.0.0.2/a", "//127.0.0.2/a", "127.0.0.2:80/a", "user@127.0.0.2/a", "a/b/c", "a",
    "../a", "a/..", "a/../b", "./a", "a/.", "..", "/etc/passwd", "a\\b", "a/b?x=1", "a/b#x", "a/b%2f..", "a%2f..%2fb/c",
    "a/b@main", "a/b:main", "hf://a/b", "a /b", "a/b\n", "a/b\r\nHost: x", "a/\0b", "\u0430rg/name", "a/b\u3002c",
    "datasets/a/b", "a//b", "a/b/", "/a/b", "~/a", "$HOME/a", "-a/b", "a/-b", "a--b/c", "a/b.git", "a..b/c", "",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_a_source_that_is_no_name_of_the_hub_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        LoraSource(name)


@pytest.fixture
def hub() -> Iterator[AttackServer]:
    """A Hub that has nothing."""
    with AttackServer({}) as server:
        yield server


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as canary:
        yield canary
        assert canary.reached() == []


ODD_NAMES = ["127.0.0.2/a", "localhost/a", "metadata.google.internal/computeMetadata", "api/models", "datasets/a",
             "spaces/a", "resolve/main", "oauth/token", "0x7f000002/a"]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_source_moves_nothing_but_the_path_below_models(
    hub: AttackServer, canary: Canary, tmp_path: Path, name: str
) -> None:
    library = LoraLibrary(
        config=ModelConfig(hub_cache=tmp_path, lora_download=True), hub_endpoint=f"http://127.0.0.1:{hub.port}"
    )
    with pytest.raises(ModelUnavailable):
        library.locate(Lora(LoraSource(name)), "loras[0]")
    assert {asked.path.partition("?")[0] for asked in hub.asked} == {f"/api/models/{name}"}
    assert {_header(asked.head, b"host") for asked in hub.asked} == {f"127.0.0.1:{hub.port}".encode()}


@pytest.mark.parametrize(
    "file",
    ["https://127.0.0.2/a.safetensors", "//127.0.0.2/a.safetensors", "../../../api/a.safetensors", "/a.safetensors",
     "a?x=.safetensors", "a#.safetensors", "%2e%2e/a.safetensors", "@127.0.0.2/a.safetensors"],
)  # fmt: skip
def test_a_file_is_one_of_the_list_or_none(hub: AttackServer, canary: Canary, tmp_path: Path, file: str) -> None:
    library = LoraLibrary(
        config=ModelConfig(hub_cache=tmp_path, lora_download=True), hub_endpoint=f"http://127.0.0.1:{hub.port}"
    )
    with pytest.raises((ModelUnavailable, InputRefused)):
        library.locate(Lora(LoraSource("org/name"), WeightName(file)), "loras[0]")
    assert {asked.path.partition("?")[0] for asked in hub.asked} <= {"/api/models/org/name"}


def _header(head: bytes, name: bytes) -> bytes:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return next(value.strip() for key, _, value in lines if key.lower() == name)


# --- the rest of a request -----------------------------------------------------------------------------------------

INSIDE = "https://127.0.0.2/"
STEERING: list[dict[str, Any]] = [
    {"loras": [{"source": "a/b", "endpoint": INSIDE}]},
    {"loras": [{"source": "a/b", "revision": "main"}]},
    {"loras": [{"source": "a/b", "token": "hf_x"}]},
    {"loras": [INSIDE]},
    {"loras": INSIDE},
    {"webhook": INSIDE},
    {"callback_url": INSIDE},
    {"uploadUrl": INSIDE},
    {"upload_url": {"url": INSIDE}},
    {"s3Config": INSIDE},
    {"s3Config": {"endpointUrl": f"{INSIDE}?x", "bucketName": "b", "accessId": "a", "accessSecret": "b"}},
    {"mode": "i2v", "image_path": INSIDE},
    {"proxy": INSIDE},
    {"headers": {"Host": "127.0.0.2"}},
    {"bucket": "other"},
    {"supabase_url": INSIDE},
    {"file_name": f"{INSIDE}a.mp4"},
    {"file_name": "../a.mp4"},
    {"file_name": "a.mp4?x=.mp4"},
    {"file_name": "@127.0.0.2.mp4"},
    {"mode": "i2v", "image_url": {"url": INSIDE}},
    {"mode": "i2v", "image_url": [INSIDE]},
    {"mode": "i2v", "image_url": INSIDE, "image_base64": INSIDE},
    {"mode": INSIDE},
]


@pytest.mark.parametrize("fields", STEERING, ids=str)
def test_no_other_field_takes_an_address(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_request({"prompt": "a", **fields})
    assert {re.split(r"[.\[]", fault.path)[0] for fault in caught.value.faults} <= set(fields)
