"""Storage's REST interface over buckets in memory: what each call does, without the HTTP around it."""

import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from tests.support import supabase_replies as replies
from tests.support.supabase_buckets import LEGAL_KEY, Bucket, StoredFile
from tests.support.supabase_multipart import Upload
from tests.support.supabase_replies import Refused, Reply, json_reply
from tests.support.supabase_tokens import TokenRefused, read_token, sign_token
from tests.support.supabase_uploads import Chunk, Uploads

_PREFIX = "/storage/v1/"
_DATE = "2026-01-13T10:00:00.000Z"


@attrs.frozen(kw_only=True)
class Request:
    """`headers` by lower-case name; `upload` is the body of a multipart request, `chunk` that of a resumable upload."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    upload: Upload | None = None
    chunk: Chunk | None = None


@attrs.define(kw_only=True)
class Storage:
    """The service behind the gateway. `secret_keys` are what the gateway takes for the service role."""

    jwt_secret: str
    secret_keys: frozenset[str]
    buckets: dict[str, Bucket]
    uploads: Uploads
    clock: Callable[[], float] = time.time

    def answer(self, request: Request) -> Reply:
        address = urlsplit(request.target)
        path = unquote(address.path.removeprefix(_PREFIX))
        kind, _, rest = path.partition("/")
        try:
            if request.method == "GET" and rest.startswith("public/"):
                return self._content(*_split(rest.removeprefix("public/")), public=True)
            if request.method == "GET" and rest.startswith("sign/"):
                return self._signed(rest.removeprefix("sign/"), address.query)
            return self._keyed(request, kind, rest)
        except Refused as refused:
            return refused.reply

    def _keyed(self, request: Request, kind: str, rest: str) -> Reply:
        service = self._role(request.headers) == "service_role"
        if kind == "bucket" and request.method == "GET":
            return self._bucket_reply(rest, service=service)
        if kind == "object":
            return self._object(request, rest, service=service)
        if kind == "upload" and rest.partition("/")[0] == "resumable":
            return self._resumable(request, rest.removeprefix("resumable").strip("/"), service=service)
        return replies.route_missing(request.method, urlsplit(request.target).path)

    def _object(self, request: Request, rest: str, *, service: bool) -> Reply:
        if request.method == "DELETE":
            return self._delete(rest, json.loads(request.body)["prefixes"], service=service)
        if request.method == "GET" and rest.startswith("info/"):
            return self._info(*_split(rest.removeprefix("info/")), service=service)
        if request.method == "POST" and rest.startswith("sign/"):
            return self._sign(rest.removeprefix("sign/"), int(json.loads(request.body)["expiresIn"]), service=service)
        bucket, key = _split(rest)
        if request.upload is not None:
            replace = request.method == "PUT" or request.headers.get("x-upsert") == "true"
            return self._store(bucket, key, request.upload, service=service, replace=replace)
        if request.method == "GET":
            self._find(bucket, key, service=service)
            return self._content(bucket, key)
        return replies.route_missing(request.method, request.target)

    def _resumable(self, request: Request, upload_id: str, *, service: bool) -> Reply:
        uploads = self.uploads
        if "tus-resumable" not in request.headers:
            return replies.tus_reply(412, "Tus-Resumable Required\n")
        if request.method == "POST" and not upload_id:
            return uploads.create(request.headers, self.buckets, service=service)
        if request.method == "HEAD":
            return uploads.head(upload_id)
        if request.method == "PATCH" and request.chunk is not None:
            return uploads.patch(upload_id, request.headers, request.chunk, self.buckets, service=service)
        if request.method == "DELETE":
            return uploads.delete(upload_id)
        return replies.route_missing(request.method, request.target)

    def _role(self, headers: Mapping[str, str]) -> str:
        """Of the key in the headers. A secret key is exchanged by the gateway, which looks at `apikey` only."""
        if headers.get("apikey") in self.secret_keys:
            return "service_role"
        if "authorization" not in headers:
            raise Refused(replies.NO_KEY)
        try:
            token = read_token(headers["authorization"].removeprefix("Bearer "), self.jwt_secret, self.clock())
        except TokenRefused as refused:
            raise Refused(replies.key_refused(str(refused))) from refused
        role = str(token["role"])
        if role not in {"service_role", "anon", "authenticated"}:
            raise Refused(replies.UNKNOWN_ROLE)
        return role

    def _find_bucket(self, name: str) -> Bucket:
        if name not in self.buckets:
            raise Refused(replies.BUCKET_MISSING)
        return self.buckets[name]

    def _find(self, bucket: str, key: str, *, service: bool = True) -> StoredFile:
        found = self._find_bucket(bucket).objects.get(key)
        if found is None or not service:
            raise Refused(replies.OBJECT_MISSING)
        return found

    def _bucket_reply(self, name: str, *, service: bool) -> Reply:
        bucket = self._find_bucket(name)
        if not service:
            return replies.BUCKET_MISSING
        return json_reply({
            "id": name, "name": name, "owner": "", "public": bucket.public, "type": "STANDARD",
            "file_size_limit": bucket.file_size_limit, "allowed_mime_types": bucket.allowed_mime_types,
            "created_at": _DATE, "updated_at": _DATE,
        })  # fmt: skip

    def _store(self, name: str, key: str, upload: Upload, *, service: bool, replace: bool) -> Reply:
        bucket = self._find_bucket(name)
        if not LEGAL_KEY.fullmatch(key):
            return replies.object_key_refused(key)
        if not service:
            return replies.POLICY_DENIAL
        if bucket.allowed_mime_types is not None and upload.content_type not in bucket.allowed_mime_types:
            return replies.type_refused(upload.content_type)
        if bucket.file_size_limit is not None and upload.size > bucket.file_size_limit:
            return replies.TOO_LARGE
        if key in bucket.objects and not replace:
            return replies.DUPLICATE
        bucket.objects[key] = StoredFile(
            size=upload.size,
            sha256=upload.sha256,
            content=upload.content,
            content_type=upload.content_type,
            cache_control=f"max-age={upload.fields['cacheControl']}",
            metadata=json.loads(upload.fields.get("metadata", "{}")),
        )
        return json_reply({"Key": f"{name}/{key}", "Id": "5a0b3a0e-0000-4000-8000-000000000000"})

    def _info(self, bucket: str, key: str, *, service: bool) -> Reply:
        found = self._find(bucket, key, service=service)
        return json_reply({
            "id": "5a0b3a0e-0000-4000-8000-000000000000", "name": key, "version": "1", "bucket_id": bucket,
            "size": found.size, "content_type": found.content_type, "cache_control": found.cache_control,
            "etag": '"0"', "metadata": found.metadata, "last_modified": _DATE, "created_at": _DATE,
        })  # fmt: skip

    def _delete(self, name: str, keys: list[str], *, service: bool) -> Reply:
        objects = self._find_bucket(name).objects
        gone = [key for key in keys if service and objects.pop(key, None) is not None]
        return json_reply([{"name": key, "bucket_id": name} for key in gone])

    def _sign(self, path: str, seconds: int, *, service: bool) -> Reply:
        bucket, key = _split(path)
        if bucket not in self.buckets:  # unlike the other calls, this one does not name the bucket
            return replies.OBJECT_MISSING
        self._find(bucket, key, service=service)
        now = self.clock()
        token = sign_token({"url": path, "scope": "download", "iat": now, "exp": now + seconds}, self.jwt_secret)
        return json_reply({"signedURL": f"/object/sign/{path.replace('?', '%3F')}?token={token}"})

    def _signed(self, path: str, query: str) -> Reply:
        try:
            token = read_token(parse_qs(query).get("token", [""])[0], self.jwt_secret, self.clock())
        except TokenRefused as refused:
            return replies.token_refused(str(refused))
        if token.get("url") != path:
            return replies.INVALID_SIGNATURE
        return self._content(*_split(path))

    def _content(self, bucket: str, key: str, *, public: bool = False) -> Reply:
        if public and not self._find_bucket(bucket).public:
            return replies.BUCKET_MISSING
        found = self._find(bucket, key)
        return Reply(200, found.content or b"", {"Content-Type": found.content_type})


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key
