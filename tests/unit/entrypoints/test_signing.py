"""`{"mode": "sign"}` at the edge."""

from pathlib import Path
from typing import Final

import pytest

from application.job import Job
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from application.sign_object import SignObject
from container import open_codec
from entrypoints.guard import Guard
from entrypoints.replies import Reply
from entrypoints.signing import as_operation
from tests.fakes.object_store import InMemoryStore

KEY: Final = "ltx2/2026-01-13/job-1/video.mp4"
RECORD: Final = "ltx2/_jobs/job-1.json"


@pytest.fixture
def store(tmp_path: Path) -> InMemoryStore:
    return filled(InMemoryStore(backend="supabase"), tmp_path)


def filled(store: InMemoryStore, folder: Path) -> InMemoryStore:
    (folder / "clip").write_bytes(b"clip")
    store.put(folder / "clip", KEY, ObjectHeaders(content_type="video/mp4", sha256="ab"), JobControl())
    store.put(folder / "clip", RECORD, ObjectHeaders(content_type="application/json"), JobControl())
    return store


def reply_to(store: InMemoryStore, **fields: object) -> Reply:
    def never(*_: object) -> object:
        pytest.fail("no clip was asked for")

    codec = open_codec()
    guard = Guard(codec, never, {"sign": as_operation(codec, SignObject(store, "ltx2"))})  # type: ignore[arg-type]  # never called
    return guard({"mode": "sign", **fields}, Job(id="j"), JobControl())


def test_the_reply_has_the_contracts_storage(store: InMemoryStore) -> None:
    reply = reply_to(store, path=KEY)
    url = reply["storage"]["signed_url"]
    assert store.fetch(url) == b"clip"
    place = {"bucket": "bucket", "path": KEY, "signed_url": url, "public_url": None}
    assert reply == {
        "ok": True,
        "mode": "sign",
        "supabase": place,
        "storage": {
            "backend": "supabase",
            **place,
            "expires_at": reply["storage"]["expires_at"],
            "bytes": 4,
            "sha256": "ab",
            "content_type": "video/mp4",
        },
    }
    assert reply["storage"]["expires_at"].endswith("Z")


def test_other_stores_have_no_part_of_their_own_in_it(tmp_path: Path) -> None:
    assert list(reply_to(filled(InMemoryStore(), tmp_path), path=KEY)) == ["ok", "mode", "storage"]


@pytest.mark.parametrize(
    ("fields", "code", "details"),
    [
        ({}, "invalid_input", [{"path": "path", "message": "is required"}]),
        ({"path": None}, "invalid_input", [{"path": "path", "message": "is required"}]),
        ({"path": 5}, "invalid_input", [{"path": "path", "message": "must be a string, got 5"}]),
        (
            {"path": KEY, "prompt": "a", "steps": None},
            "invalid_input",
            [{"path": "prompt", "message": "is no field of mode sign, which takes path"}],
        ),
        (
            {"path": RECORD},
            "input_refused",
            [{"path": "path", "message": "must be the path of a clip, not that of a job's record"}],
        ),
        (
            {"path": "inputs/a.png"},
            "input_refused",
            [{"path": "path", "message": "must begin with ltx2/, as the paths of this worker's clips do"}],
        ),
        (
            {"path": "ltx2/none.mp4"},
            "input_unavailable",
            [{"path": "path", "message": "leads to no object in the store"}],
        ),
    ],
)
def test_anything_else_is_told_with_what_would_be_right(
    store: InMemoryStore, fields: dict[str, object], code: str, details: object
) -> None:
    reply = reply_to(store, **fields)
    assert (reply["ok"], reply["code"], reply["details"]) == (False, code, details)


@pytest.mark.parametrize("path", ["ltx2/../inputs/a.png", "/ltx2/a", "ltx2//a", "ltx2/./a", "ltx2\\a", "ltx2/%2e%2e/a"])
def test_no_path_leads_out(store: InMemoryStore, path: str) -> None:
    reply = reply_to(store, path=path)
    assert reply["code"] == "invalid_input"
    assert reply["details"][0]["path"] == "path"
