"""Payloads for hypothesis: valid requests, valid ones with something wrong in them, and anything that JSON can hold."""

import os
from typing import Any, Final

from hypothesis import strategies as st

from adapters.wire.modes import MODES
from adapters.wire.requests import FIELDS
from domain.geometry import MAX_FPS
from domain.recipes import PRESETS
from domain.sizing import ASPECT_RATIOS, REPLACED, RESOLUTIONS
from tests.support.edge import HOST

_PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE", "ci")
EXAMPLES: Final = {"ci": 2_000, "nightly": 100_000}[_PROFILE]
"""How many payloads the decoder's property is tried with. `make fuzz-requests` sets the profile."""
EDGE_EXAMPLES: Final = {"ci": 500, "nightly": 100_000}[_PROFILE]
"""How many payloads go through the whole edge, the decoder again included."""

NAMES: Final = FIELDS
"""Every field that the decoder knows."""

PATHS: Final = st.sampled_from(["", "batch[2]", "batch[0].input", "a.b[1].c", "prompt", "loras[0]"])
"""Where a request may stand in a larger document; some are called like a field of the request."""

_WORDS = st.sampled_from([
    "", "t2v", "i2v", "T2V", "doctor", "capabilities", "sign",
    "path", "ltx2/a.mp4", "ltx2/../a.mp4", "ltx2/_jobs/a.json", "mp4",
    "video.mp4", "../video.mp4", "512", "true", "a lake", "\ud800", "\x00", "\u202e", "x" * 3000,
    "org/name", "../../a.safetensors", "a.safetensors", "https://example.com/a.png?token=1", "http://[::1]/",
    "accessId", "accessSecret", "bucketName", "endpointUrl", "region",
    "data:image/png;base64,AAAA", "source", "weight_name", "scale", *PRESETS, *MODES, *RESOLUTIONS, *ASPECT_RATIOS,
])  # fmt: skip
_NUMBERS = st.sampled_from([
    0, -0.0, -1, 1, 63, 64, 65, 120, 121, 200, 201, 4096, 4098, 0.1, 23.976, 5e-324, 1e308, 2**53, 2**63, -(2**63) - 1,
    10**400, -(10**400), float("nan"), float("inf"), -float("inf"),
])  # fmt: skip
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), _NUMBERS, st.floats(), _WORDS, st.text(st.characters(), max_size=9)
)
_ENDPOINTS = st.from_regex(r"https?://[A-Za-z0-9.:\[\]-]{1,20}(/[a-z.]{1,5})?", fullmatch=True)
"""Most of them are no addresses."""
_KEYS = st.sampled_from(NAMES) | _WORDS | st.text(st.characters(), max_size=5)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=5,
)

_SOURCES = st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}(\.safetensors)?", fullmatch=True)
_LORAS = st.fixed_dictionaries({
    "source": _SOURCES,
    "weight_name": st.none(),
    "scale": st.integers(min_value=-4, max_value=4) | st.floats(min_value=-4, max_value=4),
})  # fmt: skip

_TARGETS = st.fixed_dictionaries({
    "accessId": st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
    "accessSecret": st.from_regex(r"[A-Za-z0-9/+]{1,40}", fullmatch=True),
    "bucketName": st.from_regex(r"[a-z0-9][a-z0-9.-]{1,30}", fullmatch=True),
    "endpointUrl": st.sampled_from([f"https://{HOST}", f"https://{HOST}/s3", f"https://{HOST}/"]),
    "region": st.none() | st.just("auto"),
})  # fmt: skip


def _is_shown(request: dict[str, Any]) -> bool:
    """Whether a file can have so many frames a second."""
    return bool(request.get("fps", 24) * (request.get("interpolate") or 1) <= MAX_FPS)


VALID: Final[st.SearchStrategy[dict[str, Any]]] = st.fixed_dictionaries(
    {"prompt": st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=50)},
    optional={
        "negative_prompt": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        "enhance_prompt": st.booleans(),
        "seed": st.none() | st.integers(min_value=0, max_value=2**53 - 1),
        "num_outputs": st.integers(min_value=1, max_value=8),
        "preset": st.none() | st.sampled_from(PRESETS),
        "steps": st.integers(min_value=1, max_value=200),
        "guidance": st.integers(min_value=0, max_value=30) | st.floats(min_value=0, max_value=30),
        "fps": st.integers(min_value=1, max_value=120),
        "interpolate": st.none() | st.sampled_from([2, 4]),
        "num_frames": st.none() | st.integers(min_value=1, max_value=10_000),
        "height": st.integers(min_value=32, max_value=2048).map(lambda half: 2 * half),
        "width": st.integers(min_value=32, max_value=2048).map(lambda half: 2 * half),
        "upscale": st.none() | st.just(2),
        "motion_speed": st.sampled_from([1, 2]) | st.floats(min_value=0.1, max_value=2),
        "audio": st.sampled_from(["generate", "off"]),
        "loras": st.lists(_LORAS, max_size=4, unique_by=lambda lora: lora["source"]),
        "output_format": st.just("mp4"),
        "file_name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}\.mp4", fullmatch=True),
        "return_signed_url": st.booleans(),
        "low_vram": st.booleans(),
        "idempotency_key": st.none() | st.from_regex(r"[A-Za-z0-9._-]{1,16}", fullmatch=True),
        "s3Config": st.none() | _TARGETS,
        "webhook_url": st.none() | st.just(f"https://{HOST}/hook?token=1"),
    },
).filter(_is_shown)
"""Requests of `t2v` that decode, `mode` left out."""

_ODD_LORAS = st.lists(
    st.dictionaries(st.sampled_from(["source", "weight_name", "scale", "weight"]), _SCALARS | _SOURCES, max_size=4)
    | _LORAS
    | _ANYTHING,
    max_size=6,
)
_ODD_FIELDS = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), _NUMBERS | _WORDS, min_size=1, max_size=3),
    st.dictionaries(_KEYS, _ANYTHING, max_size=2),
    st.fixed_dictionaries({"loras": _ODD_LORAS}),
    st.fixed_dictionaries(
        {"s3Config": st.builds(lambda target, url: {**target, "endpointUrl": url}, _TARGETS, _ENDPOINTS)}
    ),
    st.fixed_dictionaries({"upload_url": _ENDPOINTS | _WORDS, "s3Config": st.none()}),
    st.fixed_dictionaries({"webhook_url": _ENDPOINTS | _WORDS}),
)
_PICTURES = st.fixed_dictionaries({"mode": st.just("i2v"), "image_url": st.text(st.characters(), max_size=40) | _WORDS})
_KEYFRAMES = st.fixed_dictionaries({
    "mode": st.just("keyframes"),
    "keyframes": st.lists(
        st.fixed_dictionaries(
            {"image_url": _WORDS, "frame": st.integers(min_value=-60, max_value=60) | _SCALARS},
            optional={"strength": st.floats(min_value=0, max_value=1) | _SCALARS, "image_base64": _SCALARS},
        ),
        max_size=9,
    ),
})  # fmt: skip


_MEASURES = st.fixed_dictionaries({}, optional={
    "seconds": st.none() | st.integers(min_value=1, max_value=3600) | st.floats(min_value=0.001, max_value=3600),
    "resolution": st.none() | st.sampled_from(RESOLUTIONS),
    "aspect_ratio": st.none() | st.sampled_from(ASPECT_RATIOS),
})  # fmt: skip


def _measured(request: dict[str, Any], measures: dict[str, Any]) -> dict[str, Any]:
    """`request` with `measures` in the place of what they replace."""
    replaced = {other for name, value in measures.items() if value is not None for other in REPLACED[name]}
    return {name: value for name, value in request.items() if name not in replaced} | measures


MEASURED: Final = st.builds(_measured, VALID, _MEASURES)
"""Requests of `t2v` that decode, with length and size in any words."""


def _merged(*parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


PAYLOADS: Final[st.SearchStrategy[Any]] = st.one_of(
    _ANYTHING,
    st.dictionaries(_KEYS, _ANYTHING, max_size=6),
    st.builds(_merged, VALID, _ODD_FIELDS),
    st.builds(_merged, VALID, _MEASURES),
    MEASURED,
    st.builds(_merged, VALID, _PICTURES, _ODD_FIELDS),
    st.builds(_merged, VALID, _PICTURES),
    st.builds(_merged, VALID, _KEYFRAMES),
    VALID,
)
"""Parsed JSON of any kind; about half of it is a valid request but for a field or two."""

_OF_THE_JOB: Final = ("idempotency_key", "webhook_url", "num_outputs")
_ITEMS = st.builds(
    lambda request: {name: value for name, value in request.items() if name not in _OF_THE_JOB}, VALID
) | st.one_of(st.builds(_merged, VALID, _ODD_FIELDS), _ANYTHING)
BATCHES: Final[st.SearchStrategy[dict[str, Any]]] = st.builds(
    _merged,
    st.fixed_dictionaries({"batch": st.lists(_ITEMS, max_size=5) | _ANYTHING}),
    st.fixed_dictionaries({}, optional={
        "idempotency_key": st.just("order-7"),
        "webhook_url": st.just(f"https://{HOST}/hook?token=1"),
        "s3Config": st.none() | _TARGETS,
    }) | st.dictionaries(_KEYS, _SCALARS, max_size=1),
)  # fmt: skip
"""Jobs of several requests; some of them, or what stands around them, are wrong."""
