"""What Supabase Storage 1.11 answers, to the letter, and the ways in which it fails."""

import json
from collections.abc import Mapping

import attrs


@attrs.frozen
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = attrs.field(factory=dict)


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def refusal(
    status_code: str, error: str, code: str, message: str, *, http: int = 400, headers: Mapping[str, str] | None = None
) -> Reply:
    """An error as Storage shapes it: the status that it means is the body's, HTTP says 400 to nearly all."""
    return json_reply({"statusCode": status_code, "error": error, "message": message, "code": code}, http, headers)


class Refused(Exception):
    """Ends the handling of a request with `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


BUCKET_MISSING = refusal("404", "Bucket not found", "NoSuchBucket", "Bucket not found")
OBJECT_MISSING = refusal("404", "not_found", "NoSuchKey", "Object not found")
DUPLICATE = refusal("409", "Duplicate", "KeyAlreadyExists", "The resource already exists")
POLICY_DENIAL = refusal("403", "Unauthorized", "AccessDenied", "new row violates row-level security policy")
NO_KEY = refusal("400", "Error", "InvalidRequest", "headers must have required property 'authorization'")
UNKNOWN_ROLE = refusal("500", "DatabaseError", "DatabaseError", "database error, code: 22023", http=500)
TOO_LARGE = refusal("413", "Payload too large", "EntityTooLarge", "The object exceeded the maximum allowed size")
INVALID_SIGNATURE = refusal("400", "InvalidSignature", "InvalidSignature", "Invalid signature")


def key_refused(message: str) -> Reply:
    return refusal("403", "Unauthorized", "AccessDenied", message)


def type_refused(content_type: str) -> Reply:
    return refusal("415", "invalid_mime_type", "InvalidMimeType", f"mime type {content_type} is not supported")


def object_key_refused(key: str) -> Reply:
    return refusal("400", "InvalidKey", "InvalidKey", f"Invalid key: {key}")


def token_refused(message: str) -> Reply:
    return refusal("400", "InvalidJWT", "InvalidJWT", message)


def tus_reply(status: int, text: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """An answer of the resumable door: plain text, and the status is what it says."""
    kind = {"Content-Type": "text/plain;charset=UTF-8"} if text else {}
    return Reply(status, text.encode(), {"Tus-Resumable": "1.0.0", **kind, **(headers or {})})


def route_missing(method: str, path: str) -> Reply:
    message = f"Route {method}:{path} not found"
    return json_reply({"message": message, "error": "Not Found", "statusCode": 404}, 404)


@attrs.frozen(kw_only=True)
class Fault:
    """What befalls a request. Its body is read first, but for `drop_after`.

    `reply`: this is answered, whatever was asked. `drop_after`: the connection is reset after so many bytes of the
    body; those of a resumable upload's chunk count. `hang`: seconds for which nothing happens, then the connection is
    closed. `lose_answer`: the request is carried out, and the connection reset in place of an answer. `keep`: of an
    upload, only so many bytes are stored. `forget`: no resumable upload is known any more, then the request is served.
    `spoil`: a resumable upload's chunk is kept, but if it is the last no object is made, and this is answered.
    """

    reply: Reply | None = None
    drop_after: int | None = None
    hang: float = 0.0
    lose_answer: bool = False
    keep: int | None = None
    forget: bool = False
    spoil: Reply | None = None


LOCK_TIMEOUT = Fault(reply=refusal("503", "acquiring_lock_timeout", "LockTimeout", "acquiring lock timeout"))
DATABASE_TIMEOUT = Fault(
    reply=refusal("544", "DatabaseTimeout", "DatabaseTimeout", "The connection to the database timed out", http=544)
)
HTML_502 = Fault(
    reply=Reply(502, b"<html><h1>502 Bad Gateway</h1>gateway-7.internal</html>", {"Content-Type": "text/html"})
)
HTML_200 = Fault(reply=Reply(200, b"<html>Back soon</html>", {"Content-Type": "text/html"}))
GATEWAY_401 = Fault(reply=json_reply({"message": "Invalid API key"}, 401))
QUOTA_402 = Fault(reply=json_reply({"message": "exceed_storage_size_quota"}, 402))


OFFSET_CONFLICT = Fault(reply=tus_reply(409, "Upload-Offset conflict\n"))
UPLOAD_LOCKED = Fault(reply=tus_reply(423, "The resource is locked"))
TUS_503 = Fault(reply=tus_reply(503, "acquiring lock timeout"))
FORGOTTEN = Fault(forget=True)


def slow_down(retry_after: str) -> Fault:
    headers = {"Retry-After": retry_after}
    message = "Too many connections issued to the database"
    return Fault(reply=refusal("429", "too_many_connections", "SlowDown", message, http=429, headers=headers))
