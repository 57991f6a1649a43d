"""Takes out of a text what nobody may read: secrets, signed URLs' queries, paths of this machine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from domain.secret import Secret

_MASK: Final = "[redacted]"
_MIN_SECRET: Final = 6
"""Shorter "secrets" are words; masking them would make logs unreadable and protect nothing."""

_PATTERNS: Final = (
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),  # JSON web tokens
    re.compile(r"\bsb_secret_[A-Za-z0-9_-]+"),  # Supabase
    re.compile(r"\bhf_[A-Za-z0-9]{8,}"),  # Hugging Face
    re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"),
)
_URL_QUERY: Final = re.compile(r"(https?://[^\s\"'<>?#]+)[?#][^\s\"'<>]*")
_USER_INFO: Final = re.compile(r"(https?://)[^\s/@\"']+@")


@attrs.frozen(kw_only=True)
class Redactor:
    """Masks `secrets` wherever they stand, tokens by their shape, and the query of every URL.

    `roots` names folders: a path below one is written with the name instead ("<app>/adapters/…").
    """

    secrets: tuple[Secret, ...] = ()
    roots: Mapping[str, Path] = attrs.field(factory=dict)

    def text(self, text: str) -> str:
        """`text` without what nobody may read."""
        for secret in self.secrets:
            revealed = secret.reveal()
            if len(revealed) >= _MIN_SECRET:
                text = text.replace(revealed, _MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(_MASK, text)
        text = _USER_INFO.sub(r"\1", text)
        text = _URL_QUERY.sub(rf"\1?{_MASK}", text)
        for name, root in sorted(self.roots.items(), key=lambda item: -len(str(item[1]))):
            text = re.sub(rf"{re.escape(str(root))}(?=[/\s\"',:)]|$)", f"<{name}>", text)
        return text

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever a log line holds
        """`value` with every text in it redacted, to any depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))
