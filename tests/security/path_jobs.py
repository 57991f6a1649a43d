"""A process that sends every hostile name as every field that could become a path, and tells what it wrote.

`python -m tests.security.path_jobs FOLDER` prints JSON: `replies` are [field, case, code or null, object's path or
null], `written` are the absolute paths that Python changed anything at, links in them resolved.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.settings.environment import read_settings
from adapters.settings.schema import Settings
from application.job import Job
from application.job_control import JobControl
from container import Container
from entrypoints.guard import Guard
from entrypoints.signing import as_operation
from tests.security.hostile_names import NAMES

SMALL: Final = {"prompt": "a dog", "width": 64, "height": 64, "num_frames": 1, "seed": 1, "steps": 2}
_TARGET: Final = {"accessId": "a", "accessSecret": "b", "endpointUrl": "https://s3.example.com"}
_CHANGES: Final[dict[str, tuple[tuple[int, int | None], ...]]] = {
    "os.mkdir": ((0, 2),),
    "os.rmdir": ((0, 1),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.setxattr": ((0, None),),
}
"""Audit events that change a name, with the places of the path and of its folder's descriptor in their arguments."""
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """`written`: where anything was opened for writing, made, renamed or removed since `on` was set."""

    def __init__(self) -> None:
        self.written: set[str] = set()
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and not isinstance(arguments[0], int) and arguments[2] & _WRITING:
            self.written.add(os.path.realpath(os.fsdecode(arguments[0])))
        for path, folder in _CHANGES.get(event, ()):
            if not isinstance(arguments[path], int):
                descriptor = -1 if folder is None else arguments[folder]
                self.written.add(_name(os.fsdecode(arguments[path]), descriptor))


def _name(path: str, descriptor: int) -> str:
    """The absolute path of a name itself: links are followed up to its folder."""
    if descriptor != -1:
        path = f"/proc/self/fd/{descriptor}/{path}"
    name = Path.cwd() / path
    return str(name.parent.resolve() / name.name)


def main() -> None:
    root = Path(sys.argv[1])
    settings = read_settings(
        {
            "MODEL_BACKEND": "synthetic",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(root / "outputs"),
            "INPUT_PREFIX": "ltx2",
            "OUTBOX_DIR": str(root / "outbox"),
            "HF_HUB_CACHE": str(root / "hub"),
            "HOME": str(root / "home"),
            "LOG_LEVEL": "error",
        }
    )
    container = Container(settings=settings)
    container.configure_logging()
    watch, replies = Watch(), []
    send(container, "warm-up")
    watch.on = True
    for field, case, reply in answers(settings, container):
        stored = reply.get("storage") or {}
        replies.append([field, case, reply.get("code"), stored.get("path")])
    watch.on = False
    json.dump({"replies": replies, "written": sorted(watch.written)}, sys.stdout)


def answers(settings: Settings, container: Container) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each field with each name, and the reply to it."""
    ways: dict[str, Callable[[str], dict[str, Any]]] = {
        "job id": lambda name: send(container, name),
        "prefix": lambda name: send(Container(settings=with_prefix(settings, name)), "job"),
        "file_name": lambda name: send(container, "job", file_name=name),
        "file_name with its suffix": lambda name: send(container, "job", file_name=f"{name}.mp4"),
        "idempotency_key": lambda name: send(container, "job", idempotency_key=name),
        "mode": lambda name: send(container, "job", mode=name),
        "output_format": lambda name: send(container, "job", output_format=name),
        "image_url": lambda name: send(container, "job", mode="i2v", image_url=name),
        "image_base64": lambda name: send(container, "job", mode="i2v", image_base64=name),
        "image_path": lambda name: send(container, "job", mode="i2v", image_path=f"ltx2/{name}"),
        "bucketName": lambda name: send(container, "job", s3Config={**_TARGET, "bucketName": name}),
        "path": lambda name: sign(container, f"ltx2/{name}"),
    }
    for field, way in ways.items():
        for case, name in NAMES.items():
            yield field, case, way(name)


def sign(container: Container, path: str) -> dict[str, Any]:
    """The reply to a job of mode `sign`."""
    codec = container.codec()
    guard = Guard(codec, container.generate_once(), {"sign": as_operation(codec, container.sign_object())})
    return guard({"mode": "sign", "path": path}, Job(id="job", may_return=True), JobControl())


def send(container: Container, job_id: str, **fields: object) -> dict[str, Any]:
    """The reply to a job on production's wiring, as the queue would deliver it."""
    guard = Guard(container.codec(), container.generate_once())
    return guard({**SMALL, **fields}, Job(id=job_id, may_return=True), JobControl())


def with_prefix(settings: Settings, prefix: str) -> Settings:
    store = attrs.evolve(settings.store, config=attrs.evolve(settings.store.config, prefix=prefix))
    return attrs.evolve(settings, store=store)


if __name__ == "__main__":
    main()
