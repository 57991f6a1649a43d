"""What a Supabase project keeps."""

import re

import attrs

LEGAL_KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+", re.ASCII)


@attrs.frozen(kw_only=True)
class StoredFile:
    """An object. `content` is None where the server only hashes."""

    size: int
    sha256: str
    content: bytes | None
    content_type: str
    cache_control: str
    metadata: dict[str, str]


@attrs.define(kw_only=True)
class Bucket:
    public: bool = False
    file_size_limit: int | None = None
    allowed_mime_types: list[str] | None = None
    objects: dict[str, StoredFile] = attrs.field(factory=dict)
