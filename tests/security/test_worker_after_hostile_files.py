"""The worker's whole edge takes hostile files as jobs, and a normal job after each."""

import base64
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from entrypoints.guard import Guard
from tests.security.hostile_base64 import TEXTS
from tests.security.hostile_file import Shown
from tests.security.hostile_files import CORPUS
from tests.support.http_server import Reply, serving

SMALL = {"prompt": "a lighthouse", "width": 64, "height": 64, "num_frames": 9, "seed": 1}
FILES = (
    "PNG: sides of 50,000", "PNG: profile that inflates to a gigabyte", "PNG: a million texts", "PNG: no palette",
    "PNG: text named transparency", "JPEG: 65,535 x 65,535", "JPEG: 5,000 scans", "JPEG: noise for pixels",
    "WebP: canvas of 16,383 a side", "metadata: profile in JPEG: with endless elements",
    "metadata: EXIF in WebP: 65,535 tags", "format: SVG with an external entity", "format: PostScript",
    "polyglot: JPEG and ZIP",
)  # fmt: skip
IN_REQUEST = ("a page", "head of a megabyte", "a surrogate", "a path", "an address", "64 MB")


@attrs.frozen
class Worker:
    """One worker for all jobs, as it is in production but for its model and its store."""

    guard: Guard
    normal: str
    """What the file of a normal job hashes to."""

    def reply(self, **fields: object) -> dict[str, Any]:
        return self.guard({**SMALL, **fields}, Job(id="job-1", may_return=True), JobControl())

    def assert_serves(self) -> None:
        reply = self.reply()
        assert reply["ok"] is True
        assert reply["storage"]["sha256"] == self.normal


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("worker")
    container = open_container(
        {
            "MODEL_BACKEND": "synthetic",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(folder / "outputs"),
            "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "HOME": str(folder),
        }
    )
    yield container
    container.picture_sandbox().close()


@pytest.fixture(scope="module")
def worker(container: Container) -> Worker:
    guard = Guard(container.codec(), container.generate_video())
    first = Worker(guard, "").reply()
    return Worker(guard, first["storage"]["sha256"])


@pytest.mark.parametrize("name", FILES)
def test_a_file_as_a_job(name: str, worker: Worker) -> None:
    (file,) = (file for file in CORPUS if file.name == name)
    data = file.make()
    with serving({"/a.png": Reply(body=data)}) as host:
        replies = [
            worker.reply(mode="i2v", image_url=host.url("/a.png")),
            worker.reply(mode="i2v", image_base64=base64.b64encode(data).decode()),
        ]
    for reply in replies:
        if isinstance(file.ends, Shown):
            assert reply["ok"] is True
        else:
            assert reply["code"] in {error.code for error in file.ends}
    worker.assert_serves()


@pytest.mark.parametrize("name", IN_REQUEST)
def test_a_text_as_a_job(name: str, worker: Worker) -> None:
    (text,) = (text for text in TEXTS if text.name == name)
    assert not isinstance(text.ends, Shown)
    reply = worker.reply(mode="i2v", image_base64=text.make())
    assert reply["code"] in {error.code for error in text.ends} | {"invalid_input"}
    assert len(str(reply)) < 2_000
    worker.assert_serves()


@pytest.mark.parametrize("value", [b"bytes", 5, 1e308, True, [], {"url": "x"}, ["AAAA"], "", " "])
def test_what_is_no_text_is_no_picture(value: object, worker: Worker) -> None:
    for field in ("image_base64", "image_url"):
        reply = worker.reply(mode="i2v", **{field: value})
        assert reply["code"] in {"invalid_input", "input_refused", "input_unreadable"}
    worker.assert_serves()
