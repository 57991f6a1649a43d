"""The kinds of text that a variable may hold, and how each is read.

A reader raises InvalidValue where it has to say more than the table of variables, else a bare ValueError.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NewType, get_args

from cattrs import Converter

from adapters.encoder.config import LEAST_CRF, MOST_CRF, Encoding, Preset
from adapters.http.allowed_hosts import AllowedHosts
from adapters.object_store.config import Backend
from adapters.settings.hosts import PrivateHosts, allowed_hosts, private_hosts
from adapters.settings.schema import LogFormat, LogLevel
from adapters.settings.webhooks import OperatorsUrl, SigningSecrets, operators_url, signing_secrets
from adapters.video_model.config import BUILTIN_MODELS, DataType, FamilyName, ModelBackend, Quantization
from domain.errors import InvalidValue
from domain.geometry import MIN_SIDE
from domain.memory import MemoryPolicy
from domain.secret import Secret

ModelName = NewType("ModelName", str)
Revision = NewType("Revision", str)
Device = NewType("Device", str)
Attention = NewType("Attention", str)
BucketName = NewType("BucketName", str)
Prefix = NewType("Prefix", str)
Count = NewType("Count", int)
Jobs = NewType("Jobs", int)
Depth = NewType("Depth", int)
Crf = NewType("Crf", int)
Bytes = NewType("Bytes", int)
Pixels = NewType("Pixels", int)
Lifetime = NewType("Lifetime", int)
ClipSeconds = NewType("ClipSeconds", float)
Timeout = NewType("Timeout", float)

SMALLEST_PICTURE: Final = MIN_SIDE**2
LONGEST_LIFETIME: Final = 315_360_000
"""Ten years in seconds; an expiry must stay a date."""

DEEPEST: Final = 4
"""Jobs in hand. While one is denoised, one may be encoded, one stored, and one may have its inputs fetched."""

HEADER_TEXT: Final = re.compile(r"[!-~]+", re.ASCII)
"""What a header can carry, without spaces."""

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_WHOLE: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_HUB_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_REVISION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}", re.ASCII)
_DEVICE: Final = re.compile(r"cpu|cuda(:[0-9]{1,2})?", re.ASCII)
_ATTENTION: Final = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
_SLUG: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", re.ASCII)


def settings_converter(
    home: str, more_readers: Mapping[Any, Callable[[str], object]] = MappingProxyType({})
) -> Converter:
    """A converter from text to every type that the table of variables uses; `home` may be "" if unknown.

    `more_readers` are those of types that only one store has.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    readers = {**_READERS, **more_readers, Path: _folder(home)}

    def structure(text: str, kind: Any) -> object:  # noqa: ANN401 - a Literal has no type of its own
        return readers[kind](text)

    converter.register_structure_hook_func(readers.__contains__, structure)
    for kind in readers:
        if isinstance(kind, type):  # cattrs has hooks of its own for str, bool and Path, and asks them first
            converter.register_structure_hook(kind, structure)
    return converter


def header_secret(text: str) -> Secret:
    """A secret that fits into a header.

    Raises:
        InvalidValue: it does not; the HTTP client's own error would carry the secret in its text.
    """
    if not HEADER_TEXT.fullmatch(text):
        message = "must be printable ASCII without spaces or line breaks"
        raise InvalidValue(message)
    return Secret(text)


def _refuse_unless(fits: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not fits:
        raise ValueError


def _folder(home: str) -> Callable[[str], Path]:
    def read(text: str) -> Path:
        path = Path(text)
        if path.parts[:1] != ("~",):
            return path
        if not home:
            message = "must not begin with ~ where HOME is not set"
            raise InvalidValue(message)
        return Path(home, *path.parts[1:])

    return read


def _flag(text: str) -> bool:
    word = text.lower()
    _refuse_unless(word in _TRUE or word in _FALSE)
    return word in _TRUE


def _choice(kind: Any) -> Callable[[str], str]:  # noqa: ANN401 - a Literal has no type of its own
    """A reader for one of the words of the Literal `kind`, in any case."""

    def read(text: str) -> str:
        _refuse_unless(text.lower() in get_args(kind))
        return text.lower()

    return read


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        _refuse_unless(pattern.fullmatch(text) is not None and ".." not in text)
        return text

    return read


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def read(text: str) -> int:
        _refuse_unless(_WHOLE.fullmatch(text) is not None)
        _refuse_unless(least <= int(text) and (most is None or int(text) <= most))
        return int(text)

    return read


def _decimal(least: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        _refuse_unless(_DECIMAL.fullmatch(text) is not None and float(text) >= least)
        return float(text)

    return read


def _model_name(text: str) -> str:
    if text.startswith("builtin/") and text not in BUILTIN_MODELS:
        message = f"must be a built-in model ({', '.join(BUILTIN_MODELS)}) or a Hub name"
        raise InvalidValue(message)
    _refuse_unless("--" not in text)  # stands for "/" in the Hub's cache folders
    return _matching(_HUB_NAME)(text)


def _prefix(text: str) -> str:
    segments = text.strip("/").split("/")
    _refuse_unless(all(_SLUG.fullmatch(segment) for segment in segments))
    return "/".join(segments)


_READERS: Final[dict[Any, Callable[[str], object]]] = {
    str: str,
    bool: _flag,
    Secret: header_secret,
    ModelBackend: _choice(ModelBackend),
    DataType: _choice(DataType),
    FamilyName: _choice(FamilyName),
    Quantization: _choice(Quantization),
    Attention: _matching(_ATTENTION),
    MemoryPolicy: _choice(MemoryPolicy),
    Encoding: _choice(Encoding),
    Preset: _choice(Preset),
    Backend: _choice(Backend),
    LogLevel: _choice(LogLevel),
    LogFormat: _choice(LogFormat),
    ModelName: _model_name,
    Revision: _matching(_REVISION),
    Device: _matching(_DEVICE),
    BucketName: _matching(_SLUG),
    Prefix: _prefix,
    PrivateHosts: private_hosts,
    AllowedHosts: allowed_hosts,
    OperatorsUrl: operators_url,
    SigningSecrets: signing_secrets,
    Count: _whole(1),
    Jobs: _whole(0),
    Depth: _whole(1, DEEPEST),
    Crf: _whole(LEAST_CRF, MOST_CRF),
    Bytes: _whole(0),
    Pixels: _whole(SMALLEST_PICTURE),
    Lifetime: _whole(1, LONGEST_LIFETIME),
    ClipSeconds: _decimal(1),
    Timeout: _decimal(0),
}
