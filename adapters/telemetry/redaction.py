"""Takes out of a text what nobody may read: secrets, signed URLs' queries, hosts, addresses and paths.

The one function for it, applied at the two edges: to what a reply tells in words (adapters/wire is given it), and to
every log line (adapters/telemetry/logging.py). All patterns are linear in the text's length.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import attrs

from adapters.telemetry.places import without_places
from domain.secret import Secret

_MASK: Final = "[redacted]"
_MIN_SECRET: Final = 6
"""Shorter "secrets" are words; masking them would make logs unreadable and protect nothing."""

_URL: Final = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://)([^\s\"'<>\\]+)", re.IGNORECASE)
_TOKENS: Final = re.compile(
    r"""-----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----[^-]*(?:-----END[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----)?
    | (?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?  # JSON web tokens
    | \bsb_secret_[A-Za-z0-9_-]+  # Supabase
    | \bwhsec_[A-Za-z0-9+/=]{8,}  # Standard Webhooks
    | \bhf_[A-Za-z0-9]{8,}  # Hugging Face
    | \brpa_[A-Za-z0-9]{8,}  # RunPod
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}  # AWS
    | \b(?:bearer|basic)\s+[^\s"',;]{6,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NAMED: Final = re.compile(
    r"""(
        [?&][\w.-]{0,40}(?:token|sig|signature|key|secret|credential|password)=
      | \b(?:authorization|x-api-key|api_?key|access_?key|secret_?key|token|password|secret)
        \\{0,2}["']?\s?[=:]\s?b?\\{0,2}["']?
    )
    (?!\[redacted])[^\s"'\\&<>,;]{6,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What is called a secret, in a query without its URL or in a header; in a Python string's repr too."""


def _spellings(secret: Secret) -> Iterator[str]:
    """The secret as it is, in a URL, in JSON, in a Python string."""
    text = secret.reveal()
    if len(text) >= _MIN_SECRET:
        yield from dict.fromkeys((text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1]))


@attrs.frozen(kw_only=True)
class Redactor:
    """Masks `secrets` wherever they stand, tokens by their shape, and the query of every URL.

    `roots` names folders: a path below one is written with the name instead ("<app>/adapters/…"). `hosts` are further
    names that are masked as whole words. `hides_places` False: hosts, addresses and paths that are not below a root
    stay; only for telling the operator what a wrong setting holds.
    """

    secrets: tuple[Secret, ...] = ()
    roots: Mapping[str, Path] = attrs.field(factory=dict)
    hosts: tuple[str, ...] = ()
    hides_places: bool = True
    _spelled: tuple[str, ...] = attrs.field(init=False, repr=False)
    _names: tuple[tuple[re.Pattern[str], str], ...] = attrs.field(init=False, repr=False)

    @_spelled.default
    def _every_spelling(self) -> tuple[str, ...]:
        """The longest first: a secret may be a part of another one."""
        spelled = {spelling for secret in self.secrets for spelling in _spellings(secret)}
        return tuple(sorted(spelled, key=len, reverse=True))

    @_names.default
    def _names_by_length(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """Patterns of roots and hosts, the longest first: a root may lie below another one."""
        folders = {
            str(form): f"<{name}>"
            for name, root in self.roots.items()
            for form in (root.resolve(), root)
            if form != Path(form.anchor)  # a home folder of "/" would be in every URL
        }
        hosts = {host: "[host]" for host in self.hosts if _is_telling(host)}
        named = sorted((folders | hosts).items(), key=lambda item: -len(item[0]))
        return tuple((re.compile(rf"(?<![\w.-]){re.escape(text)}(?![\w-]|\.\w)"), name) for text, name in named)

    def hiding(self, texts: Iterable[str]) -> "Redactor":
        """A redactor that masks `texts` beside all that this one masks."""
        return attrs.evolve(self, secrets=self.secrets + tuple(Secret(text) for text in texts))

    def text(self, text: str) -> str:
        """`text` without what nobody may read."""
        for spelling in self._spelled:
            text = text.replace(spelling, _MASK)
        text = _NAMED.sub(rf"\1{_MASK}", _TOKENS.sub(_MASK, _URL.sub(_plain_url, text)))
        for pattern, name in self._names:
            text = pattern.sub(name, text)
        return without_places(text) if self.hides_places else text

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever a log line holds
        """`value` with every text in it redacted, to any depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


def _plain_url(found: re.Match[str]) -> str:
    """A URL without user, query and fragment."""
    rest, *hidden = re.split(r"[?#]", found[2], maxsplit=1)
    place, slash, path = rest.partition("/")
    return f"{found[1]}{place.rpartition('@')[2]}{slash}{path}" + (f"?{_MASK}" if hidden else "")


def _is_telling(host: str) -> bool:
    """Whether `host` is more than a word that log lines are made of: "store", "worker"."""
    return len(host) >= _MIN_SECRET and re.search(r"[0-9._-]", host) is not None
