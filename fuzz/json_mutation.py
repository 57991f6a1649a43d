"""Changes JSON documents where byte flips would only break their syntax."""

import json
import random
from collections.abc import Callable
from typing import Any, Final

from adapters.wire.requests import FIELDS

_WORDS: Final = (
    "", " ", "\x00", "\ud800", "💧" * 30, "x" * 10_001, "t2v", "i2v", "doctor", "mp4", "video.mp4", "../video.mp4",
    "org/name", "styles/ink.safetensors", "../../etc/passwd.safetensors", "official", "fast", "standard", "quality",
    "https://example.com/a.png?token=1", "http://127.0.0.1/",
    "https://target.invalid/a?b=1", "https://[::1", "https://a:b:c", "data:image/png;base64,AAAA", "512", "true", "NaN",
)  # fmt: skip
_NUMBERS: Final = (
    0, -0.0, 1, -1, 2, 9, 24, 23.976, 29.97, 0.1, 1e-320, 48, 49, 63, 64, 65, 120, 121, 200, 201, 512, 513, 1025, 4096,
    4098, 2**31, 2**53 - 1, 2**53, 2**63, -(2**63) - 1, 10**400, 1e308, float("nan"), float("inf"), -float("inf"),
)  # fmt: skip
_FIELDS: Final = (
    *FIELDS, "endpointUrl", "accessId", "accessSecret", "bucketName", "region", "path", "source", "weight_name",
    "scale", "batch", "promt", "unknown",
)  # fmt: skip
_MOST_CHANGES: Final = 4
_DEEP: Final = 200

Change = Callable[[Any, random.Random], Any]


def mutated(data: bytes, rng: random.Random) -> bytes | None:
    """`data` as JSON with one to four changes; None where it is no JSON, or none that can be written."""
    try:
        document = json.loads(data)
        for _ in range(rng.randint(1, _MOST_CHANGES)):
            document = _changed(document, rng)
        return json.dumps(document).encode()
    except (ValueError, RecursionError):
        return None


def _changed(value: Any, rng: random.Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    """`value` with a change in it or in something below it."""
    if isinstance(value, dict) and value and rng.random() < 0.8:  # noqa: PLR2004 - mostly go down
        name = rng.choice(list(value))
        return {**value, name: _changed(value[name], rng)} if rng.random() < 0.6 else _other_object(value, rng)  # noqa: PLR2004
    if isinstance(value, list) and value and rng.random() < 0.8:  # noqa: PLR2004 - mostly go down
        index = rng.randrange(len(value))
        return [*value[:index], _changed(value[index], rng), *value[index + 1 :]]
    return rng.choice(_CHANGES)(value, rng)


def _other_object(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """`value` with a field more, or one less."""
    if rng.random() < 0.3:  # noqa: PLR2004 - fields are rather added
        gone = rng.choice(list(value))
        return {name: item for name, item in value.items() if name != gone}
    return {**value, rng.choice(_FIELDS): _scalar(None, rng)}


def _scalar(_: Any, rng: random.Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    return rng.choice((None, True, False, rng.choice(_WORDS), rng.choice(_NUMBERS), rng.randint(-300, 5000)))


def _listed(value: Any, rng: random.Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    return [value] * rng.randint(0, 6)


def _nested(value: Any, rng: random.Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    for _ in range(rng.choice((1, 2, _DEEP))):
        value = [value] if rng.random() < 0.5 else {rng.choice(_FIELDS): value}  # noqa: PLR2004 - a half
    return value


def _grown(value: Any, rng: random.Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    return {**value, **{f"f{n}": n for n in range(rng.randint(1, 50))}} if isinstance(value, dict) else {"": value}


_CHANGES: Final[tuple[Change, ...]] = (_scalar, _scalar, _scalar, _listed, _nested, _grown)
