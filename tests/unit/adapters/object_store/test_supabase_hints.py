"""Each answer that Storage is known to give: its kind, the vendor's words, and what to do about it."""

from pathlib import Path

import attrs
import httpx
import pytest

from adapters.object_store.retries import Transient
from adapters.object_store.supabase_failures import SupabaseFailures
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, WorkerError

FAILURES = SupabaseFailures(("key-that-must-not-be-seen",))
KINDS: dict[str, type[WorkerError]] = {
    "auth": StorageAuth,
    "bucket": StorageBucket,
    "missing": ObjectMissing,
    "rejected": StorageRejected,
    "passing": Transient,
}


@attrs.frozen(kw_only=True)
class Row:
    """A case, as Storage 1.11 shapes it (HTTP status; statusCode, error and code of the body; message)."""

    case: str
    kind: str
    hint: str
    http: int
    told: tuple[str, str, str] | None
    """None: the body has a message only."""
    message: str


def row(case: str, kind: str, hint: str, http: int, told: tuple[str, str, str] | None, message: str) -> Row:  # noqa: PLR0917 - a table's columns
    return Row(case=case, kind=kind, hint=hint, http=http, told=told, message=message)


UNAUTHORIZED = ("403", "Unauthorized", "AccessDenied")
NOT_FOUND = ("404", "not_found", "NoSuchKey")
ROWS = [
    row("bucket missing", "bucket", "create it", 400, ("404", "Bucket not found", "NoSuchBucket"), "Bucket not found"),
    row("bucket missing, no code", "bucket", "create it", 400, ("404", "Bucket not found", ""), "Bucket not found"),
    row("bucket missing, when signing", "missing", "no rights to see it", 400, NOT_FOUND, "Object not found"),
    row("object missing", "missing", "no such object", 400, NOT_FOUND, "Object not found"),
    row("duplicate", "rejected", "another worker", 400, ("409", "Duplicate", "KeyAlreadyExists"),
        "The resource already exists"),
    row("row-level security", "auth", "secret key", 400, UNAUTHORIZED, "new row violates row-level security policy"),
    row("anon key, bucket unseen", "bucket", "use the secret key", 400, ("404", "Bucket not found", "NoSuchBucket"),
        "Bucket not found"),
    row("garbage key", "auth", "secret key", 400, UNAUTHORIZED, "Invalid Compact JWS"),
    row("another project's key", "auth", "SUPABASE_URL names", 400, ("403", "Unauthorized", ""),
        "signature verification failed"),
    row("expired key", "auth", "make a new one", 400, ("403", "Unauthorized", ""),
        '"exp" claim timestamp check failed'),
    row("unknown role", "auth", "role that the project does not have", 500, ("500", "DatabaseError", ""),
        "database error, code: 22023"),
    row("no key", "auth", "gateway", 400, ("400", "Error", "InvalidRequest"),
        "headers must have required property 'authorization'"),
    row("too large", "rejected", "raise the limit", 400, ("413", "Payload too large", "EntityTooLarge"),
        "The object exceeded the maximum allowed size"),
    row("type", "rejected", "add video/mp4", 400, ("415", "invalid_mime_type", "InvalidMimeType"),
        "mime type X is not supported"),
    row("key's characters", "rejected", "prefix", 400, ("400", "InvalidKey", "InvalidKey"), "Invalid key: vidéo/é.mp4"),
    row("URL expired", "auth", "secret key", 400, ("400", "InvalidJWT", "InvalidJWT"), "exp claim check failed"),
    row("URL tampered with", "auth", "secret key", 400, ("400", "InvalidJWT", "InvalidJWT"),
        "signature verification failed"),
    row("URL of another path", "auth", "secret key", 400, ("400", "InvalidSignature", "InvalidSignature"),
        "Invalid signature"),
    row("too many connections", "passing", "fewer workers", 429, ("429", "too_many_connections", "SlowDown"),
        "Too many connections issued to the database"),
    row("lock timeout", "passing", "later", 400, ("503", "acquiring_lock_timeout", "LockTimeout"),
        "acquiring lock timeout"),
    row("locked", "passing", "another upload", 400, ("423", "ResourceLocked", "ResourceLocked"),
        "The resource is locked"),
    row("database timeout", "passing", "its load", 544, ("544", "DatabaseTimeout", "DatabaseTimeout"),
        "The connection to the database timed out"),
    row("database read-only", "passing", "make room", 400, ("503", "DatabaseReadOnly", "DatabaseReadOnly"),
        "database is in read-only mode"),
    row("gateway, bad key", "auth", "secret key", 401, None, "Invalid API key"),
    row("quota", "rejected", "billing", 402, None, "exceed_storage_size_quota"),
]  # fmt: skip
TEXTS = [
    row("bucket missing", "bucket", "create it", 404, None, "Bucket not found"),
    row("too large", "rejected", "raise the limit", 413, None, "Maximum size exceeded"),
    row("duplicate", "rejected", "another worker", 409, None, "The resource already exists"),
    row("locked", "passing", "another upload", 423, None, "The resource is locked"),
    row("row-level security", "auth", "secret key", 403, None, "new row violates row-level security policy"),
    row("type", "rejected", "add video/mp4", 415, None, "mime type X is not supported"),
    row("too many connections", "passing", "fewer workers", 429, None, "Too many connections issued to the database"),
    row("lock timeout", "passing", "later", 503, None, "acquiring lock timeout"),
    row("unknown", "passing", "later", 500, None, "Something went wrong with that request"),
]


def assert_translated(error: WorkerError, row: Row) -> None:
    assert type(error) is KINDS[row.kind]
    assert row.hint in error.message
    assert row.message in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_an_answer_in_json(row: Row) -> None:
    body = {"message": row.message}
    if row.told is not None:
        body |= dict(zip(("statusCode", "error", "code"), row.told, strict=True))
    assert_translated(FAILURES.of_response(httpx.Response(row.http, json=body)), row)
    assert_translated(FAILURES.of_resumable(httpx.Response(row.http, json=body)), row)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.case)
def test_an_answer_of_the_resumable_door(row: Row) -> None:
    assert_translated(FAILURES.of_resumable(httpx.Response(row.http, text=f"{row.message}\n")), row)


def test_plain_text_is_told_of_the_resumable_door_only() -> None:
    """Elsewhere it is a proxy's, which may tell of its own insides."""
    response = httpx.Response(503, text="upstream gateway-7 timed out")
    assert "gateway-7" not in FAILURES.of_response(response).message


@pytest.mark.parametrize("text", ["<html>gateway-7</html>", "x" * 5000, "a key-that-must-not-be-seen", "eyJhbGciOi.x"])
def test_nothing_confidential_or_bulky_is_told_of_plain_text(text: str) -> None:
    message = FAILURES.of_resumable(httpx.Response(413, text=text)).message
    assert len(message) < 400
    for hidden in ("gateway-7", "key-that", "eyJ"):
        assert hidden not in message


def test_the_errors_page_has_a_hint_for_each_kind() -> None:
    page = Path("docs/operations/errors.md").read_text(encoding="utf-8")
    section = page.partition("## Supabase Storage")[2].partition("\n## ")[0]
    for code in {kind.code for kind in KINDS.values()}:
        assert f"`{code}`" in section
    for words in ("row-level security", "exp", "22023", "Bucket not found", "Maximum size", "mime type", "quota"):
        assert words in section
