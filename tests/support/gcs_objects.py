"""The XML interface of Google Cloud Storage over files in a folder: what each call does, without the HTTP around it."""

import hashlib
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import attrs

MIB = 1 << 20
SMALLEST_PART = 5 * MIB
KEPT_HEADERS = ("content-type", "cache-control", "content-disposition")
_NO_CONTENT = 204


@attrs.frozen(kw_only=True)
class Answer:
    """`file` is sent as the body where it is given, else `body`."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    file: Path | None = None


class Refused(Exception):
    """Ends the handling of a request with `answer`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        self.answer = Answer(status=status, headers={"Content-Type": "application/xml"}, body=text.encode())


@attrs.frozen(kw_only=True)
class Request:
    """`body` is a file of its own, which the answer may keep."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Path

    @property
    def bucket(self) -> str:
        return self._place[0]

    @property
    def key(self) -> str:
        return self._place[1]

    @property
    def query(self) -> dict[str, str]:
        return {
            name: values[0] for name, values in parse_qs(urlsplit(self.target).query, keep_blank_values=True).items()
        }

    @property
    def _place(self) -> tuple[str, str]:
        bucket, _, key = unquote(urlsplit(self.target).path).removeprefix("/").partition("/")
        return bucket, key


@attrs.frozen(kw_only=True)
class Blob:
    """An object: its bytes, and the headers that it is served with."""

    file: Path
    size: int
    headers: dict[str, str]
    generation: int


@attrs.define
class _Upload:
    key: str
    headers: dict[str, str]
    parts: dict[int, Path] = attrs.field(factory=dict)


@attrs.define
class Bucket:
    """Whoever knows a key can read the object if it is `public`."""

    public: bool = False
    blobs: dict[str, Blob] = attrs.field(factory=dict)
    uploads: dict[str, _Upload] = attrs.field(factory=dict)


@attrs.define
class Objects:
    """Buckets by name. Who may do what was seen to before."""

    folder: Path
    buckets: dict[str, Bucket] = attrs.field(factory=dict)

    def answer(self, request: Request) -> Answer:
        """What Cloud Storage would answer. Raises Refused."""
        if request.bucket not in self.buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
        bucket = self.buckets[request.bucket]
        if not request.key:
            return _listing(bucket, request)
        if request.method == "POST" and "uploads" in request.query:
            return _begin(bucket, request)
        if "uploadId" in request.query:
            return self._part(bucket, request)
        if request.method == "PUT":
            return self._store(bucket, request.key, request.body, _kept(request.headers))
        blob = bucket.blobs.get(request.key)
        if blob is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        if request.method == "DELETE":
            del bucket.blobs[request.key]
            return Answer(status=_NO_CONTENT)
        return Answer(headers=_served(blob), file=blob.file)

    def _store(self, bucket: Bucket, key: str, file: Path, headers: dict[str, str]) -> Answer:
        known = bucket.blobs.get(key)
        blob = Blob(
            file=file, size=file.stat().st_size, headers=headers, generation=known.generation + 1 if known else 1
        )
        bucket.blobs[key] = blob
        return Answer(headers=_served(blob))

    def _part(self, bucket: Bucket, request: Request) -> Answer:
        upload = bucket.uploads.get(request.query["uploadId"])
        if upload is None or upload.key != request.key:
            raise Refused(404, "NoSuchUpload", "The requested upload was not found.")
        if request.method == "PUT":
            upload.parts[int(request.query["partNumber"])] = request.body
            return Answer(headers={"ETag": _etag(request.body)})
        del bucket.uploads[request.query["uploadId"]]
        if request.method == "DELETE":
            return Answer(status=_NO_CONTENT)
        stored = self._store(bucket, upload.key, self._joined(upload, request.body.read_text()), upload.headers)
        etag = escape(stored.headers["ETag"])
        body = f"<CompleteMultipartUploadResult><Key>k</Key><ETag>{etag}</ETag></CompleteMultipartUploadResult>"
        return Answer(headers={**stored.headers, "Content-Type": "application/xml"}, body=body.encode())

    def _joined(self, upload: _Upload, manifest: str) -> Path:
        """The listed parts as one file. Raises Refused."""
        listed = re.findall(r"<ETag>([^<]*)</ETag><PartNumber>(\d+)</PartNumber>", manifest)
        whole = self.folder / secrets.token_hex(8)
        with whole.open("wb") as output:
            for index, (etag, number) in enumerate(listed, 1):
                part = upload.parts.get(int(number))
                if part is None or etag.replace("&quot;", '"') != _etag(part):
                    raise Refused(400, "InvalidPart", "One or more of the specified parts could not be found.")
                if part.stat().st_size < SMALLEST_PART and index < len(listed):
                    raise Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum.")
                with part.open("rb") as content:
                    shutil.copyfileobj(content, output, MIB)
        return whole


def _begin(bucket: Bucket, request: Request) -> Answer:
    name = secrets.token_hex(8)
    bucket.uploads[name] = _Upload(request.key, _kept(request.headers))
    body = (
        f"<InitiateMultipartUploadResult><Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key>"
        f"<UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
    )
    return Answer(headers={"Content-Type": "application/xml"}, body=body.encode())


def _listing(bucket: Bucket, request: Request) -> Answer:
    prefix = request.query.get("prefix", "")
    found = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{blob.size}</Size><ETag>{blob.generation}</ETag>"
        "<LastModified>2026-01-13T10:00:00.000Z</LastModified></Contents>"
        for key, blob in sorted(bucket.blobs.items())
        if key.startswith(prefix)
    )
    body = f"<ListBucketResult><Name>b</Name><Prefix/><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
    return Answer(headers={"Content-Type": "application/xml"}, body=body.encode())


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name in KEPT_HEADERS or name.startswith("x-goog-meta-")}


def _served(blob: Blob) -> dict[str, str]:
    return {
        **blob.headers,
        "ETag": _etag(blob.file),
        "Last-Modified": "Tue, 13 Jan 2026 10:00:00 GMT",
        "x-goog-generation": str(blob.generation),
    }


def _etag(file: Path) -> str:
    with file.open("rb") as content:
        return f'"{hashlib.file_digest(content, "md5").hexdigest()}"'
