"""Records: what is written is read back to the last bit, and nothing else is read."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.records import decode_record, encode_record
from adapters.wire.results import encode_result
from domain.errors import InvalidValue
from domain.geometry import FrameRate
from domain.interpolation import Interpolated
from domain.record import JobRecord
from domain.requests import Prompt, TextToVideo
from domain.results import StoredObject
from domain.version import WORKER_VERSION
from tests.unit.domain.test_record import NOON, PICTURE, RESULT, TEXT

RECORD = JobRecord.of(TEXT, RESULT, "f" * 64, created_at=NOON, keep_prompts=True)
SILENT = JobRecord.of(
    PICTURE,
    attrs.evolve(
        RESULT,
        video=attrs.evolve(RESULT.video, audio_rate=None, audio_channels=None),
        statistics=attrs.evolve(RESULT.statistics, peak_vram_bytes=2**40),
        guidance=7,
        interpolation=Interpolated(factor=4, by="model"),
        cold=False,
        warnings=(),
        worker_version=WORKER_VERSION,
    ),
    "0" * 64,
    created_at=NOON.astimezone(dt.timezone(dt.timedelta(hours=1))),
    keep_prompts=False,
)
ODD = JobRecord.of(TextToVideo(prompt=Prompt('🐕 é\n"')), RESULT, "", created_at=NOON, keep_prompts=True)


@pytest.mark.parametrize("record", [RECORD, SILENT, ODD])
def test_a_record_is_read_back_to_the_last_bit(record: JobRecord) -> None:
    content = encode_record(record)
    assert decode_record(content) == record
    assert content.isascii()
    assert encode_result(decode_record(content).result) == encode_result(record.result)


@given(
    rate=st.fractions(min_value=1, max_value=120, max_denominator=1_000_000),
    seconds=st.floats(min_value=0, max_value=1e6),
)
def test_rates_and_seconds_keep_every_digit(rate: Any, seconds: float) -> None:
    output = attrs.evolve(RESULT.output, frame_rate=FrameRate(rate))
    result = attrs.evolve(RECORD.result, output=output, timings=attrs.evolve(RESULT.timings, total=seconds))
    record = attrs.evolve(RECORD, result=result)
    assert decode_record(encode_record(record)) == record


def test_a_record_holds_no_url_and_says_which_version_made_the_clip() -> None:
    document = json.loads(encode_record(SILENT))
    assert document["result"]["stored"] == {"backend": "supabase", "bucket": "b", "path": "a/b.mp4"}
    assert document["result"]["worker_version"] == WORKER_VERSION
    assert document["result"]["model"] == {"name": "Lightricks/LTX-2", "revision": "abc", "family": "ltx-2"}
    assert "replayed" not in document["result"]


def changed(path: str, value: object) -> bytes:
    """The record with one value changed; `...` removes it."""
    document = json.loads(encode_record(RECORD))
    *parents, last = path.split(".")
    inner = document
    for name in parents:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(document).encode()


def test_what_is_changed_is_noticed_only_where_it_is_wrong() -> None:
    record = decode_record(changed("result.stored", {"backend": "local", "bucket": "b", "path": "c"}))
    assert record.result.stored == StoredObject(backend="local", bucket="b", path="c")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fingerprint", ...),
        ("fingerprint", None),
        ("created_at", "2026-01-13T12:00:00"),
        ("created_at", "yesterday"),
        ("created_at", 5),
        ("later_field", 1),
        ("inputs", [1]),
        ("inputs", {"a": 1}),
        ("prompt", 5),
        ("result", None),
        ("result", []),
        ("result", "text"),
        ("result.seed", -1),
        ("result.seed", "7"),
        ("result.seed", {"number": 7}),
        ("result.steps", 30.5),
        ("result.guidance", "7"),
        ("result.output.frame_rate", "24"),
        ("result.output.frame_rate", "24/0"),
        ("result.output.frame_rate", 24),
        ("result.output.resolution", [512, 512]),
        ("result.video.size", True),
        ("result.video.audio_rate", "24000"),
        ("result.timings.total", float("nan")),
        ("result.timings.total", ...),
        ("result.cold", 1),
        ("result.worker_version", ...),
        ("result.warnings", "one"),
        ("result.warnings", [1]),
        ("result.stored.path", ...),
        ("result.stored.later", "x"),
    ],
)
def test_a_record_with_a_wrong_value_is_none(path: str, value: object) -> None:
    with pytest.raises(InvalidValue, match="must be the record of a job"):
        decode_record(changed(path, value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(JSON)
def test_any_json_is_refused_in_one_way(value: object) -> None:
    with pytest.raises(InvalidValue):
        decode_record(json.dumps(value).encode())


@given(path=st.sampled_from(["inputs", "prompt", "result", "result.output", "result.video", "result.warnings"]), v=JSON)
def test_any_value_anywhere_is_read_or_refused(path: str, v: object) -> None:
    try:
        record = decode_record(changed(path, v))
    except InvalidValue:
        return
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"result": NaN}', b"1e999"])
def test_any_bytes_are_refused_in_one_way(content: bytes) -> None:
    with pytest.raises(InvalidValue):
        decode_record(content)
