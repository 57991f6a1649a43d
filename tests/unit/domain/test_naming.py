"""File names, job ids and object keys."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.media import OUTPUT_FORMATS, OutputFormat
from domain.naming import FileName, IdempotencyKey, ObjectPath, is_record_key, job_slug, object_key, record_key

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_DAY = dt.date(2026, 1, 13)


@pytest.mark.parametrize("name", ["video.mp4", "a.mp4", "0.mp4", "My_clip-v1.2.mp4", "a..b.mp4", "x" * 120 + ".mp4"])
def test_good_file_names(name: str) -> None:
    assert FileName(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".mp4",
        "../video.mp4",
        "a/b.mp4",
        "a\\b.mp4",
        "-a.mp4",
        "a b.mp4",
        "a\x00.mp4",
        "video.mp4\n",
        "vidéo.mp4",
        "٣.mp4",
        "%2e%2e.mp4",
        "x" * 121 + ".mp4",
    ],
)
def test_what_could_be_a_path_is_no_file_name(name: str) -> None:
    with pytest.raises(InvalidValue, match="must be a file name and no path"):
        FileName(name)


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS.values(), ids=lambda known: known.name)
def test_a_file_is_called_video_unless_its_caller_says_otherwise(output_format: OutputFormat) -> None:
    name = FileName.default(output_format)
    assert name == FileName(f"video{output_format.suffix}")
    assert name.poster == FileName("video.jpg")


@pytest.mark.parametrize(
    ("name", "poster"), [("a..b.mp4", "a..b.jpg"), ("a.zip", "a.jpg"), ("x" * 120 + ".gif", "x" * 120 + ".jpg")]
)
def test_a_poster_is_called_like_its_clip(name: str, poster: str) -> None:
    assert FileName(name).poster.name == poster


@pytest.mark.parametrize("key", ["a", "order-17_b.2", "..", "x" * 128])
def test_good_idempotency_keys(key: str) -> None:
    assert IdempotencyKey(key).key == key


@pytest.mark.parametrize("key", ["", "x" * 129, "a/b", "a b", "ä", "a\n"])
def test_bad_idempotency_keys(key: str) -> None:
    with pytest.raises(InvalidValue, match="must be 1 to 128 letters, digits"):
        IdempotencyKey(key)


@pytest.mark.parametrize("job_id", ["job_abc123", "f0a1-u1", "-x", "a.b", "x" * 128, "0b2c7f9e-sync"])
def test_a_safe_job_id_stays_as_it_is(job_id: str) -> None:
    assert job_slug(job_id) == job_id


@pytest.mark.parametrize(
    ("job_id", "readable"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("..", "job"),
        (".", "job"),
        (".hidden", "hidden"),
        ("a/b", "a-b"),
        ("", "job"),
        ("ジョブ", "job"),
        ("a b\x00c", "a-b-c"),
        ("\ud800x", "x"),
        ("y" * 129, "y" * 64),
    ],
)
def test_other_job_ids_become_slugs_with_a_hash(job_id: str, readable: str) -> None:
    slug = job_slug(job_id)
    assert re.fullmatch(re.escape(readable) + "-[0-9a-f]{8}", slug)


def test_ids_that_read_alike_stay_apart() -> None:
    alike = ["a/b", "a b", "a\\b", "/a/b", "a//b", "a/b/"]
    assert len({job_slug(job_id) for job_id in alike}) == len(alike)
    assert len({job_slug("z" * 200), job_slug("z" * 201)}) == 2


@given(st.text())
def test_any_job_id_gives_one_safe_segment(job_id: str) -> None:
    slug = job_slug(job_id)
    assert _SEGMENT.fullmatch(slug)
    assert slug == job_slug(job_id)


def test_an_object_key_has_prefix_day_job_and_name() -> None:
    key = object_key("ltx2", _DAY, "job_abc123", FileName("video.mp4"))
    assert key == "ltx2/2026-01-13/job_abc123/video.mp4"


@pytest.mark.parametrize(("prefix", "start"), [("", ""), ("/", ""), ("/a/b/", "a/b/")])
def test_a_prefix_never_makes_an_empty_segment(prefix: str, start: str) -> None:
    assert object_key(prefix, _DAY, "j", FileName("v.mp4")) == f"{start}2026-01-13/j/v.mp4"


@given(st.text())
def test_no_job_id_leaves_its_folder(job_id: str) -> None:
    segments = object_key("ltx2", _DAY, job_id, FileName("video.mp4")).split("/")
    assert segments[:2] == ["ltx2", "2026-01-13"]
    assert len(segments) == 4
    assert segments[2] not in {"", ".", ".."}
    assert segments[3] == "video.mp4"


@pytest.mark.parametrize(
    ("prefix", "job", "key"),
    [
        ("ltx2", "order-7", "ltx2/_jobs/order-7.json"),
        ("/team/ltx2/", "a", "team/ltx2/_jobs/a.json"),
        ("", "a", "_jobs/a.json"),
        ("ltx2", "../a", f"ltx2/_jobs/{job_slug('../a')}.json"),
    ],
)
def test_a_record_lies_under_the_jobs_name_without_a_date(prefix: str, job: str, key: str) -> None:
    assert record_key(prefix, job) == key


@pytest.mark.parametrize("key", ["a", "ltx2/2026-01-13/job/video.mp4", "it's (1) & $2 = @3; 4:5 + 6, 7?/!x*-_.mp4"])
def test_the_path_of_an_object_is_its_key(key: str) -> None:
    assert ObjectPath(key).key == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a/.b",
        "a\\b",
        "a/%2e%2e/b",
        "ü",
        "a\n",
        "a\0",
    ],
)
def test_what_could_lead_elsewhere_is_no_path(key: str) -> None:
    with pytest.raises(InvalidValue, match="must be the path of an object: ASCII letters"):
        ObjectPath(key)


@pytest.mark.parametrize("length", [1024, 1025, 3_000_000])
def test_a_path_has_at_most_1024_characters(length: int) -> None:
    key = "/".join(["x" * 100] * (length // 101 + 1))[:length].rstrip("/")
    if length <= 1024:
        ObjectPath(key)
    else:
        with pytest.raises(InvalidValue):
            ObjectPath(key)


@pytest.mark.parametrize(
    ("key", "prefix", "below"),
    [
        ("ltx2/a.mp4", "ltx2", True),
        ("ltx2/a/b.mp4", "ltx2/a", True),
        ("ltx2/a.mp4", "", True),
        ("ltx2", "ltx2", False),
        ("ltx22/a.mp4", "ltx2", False),
        ("LTX2/a.mp4", "ltx2", False),
        ("x/ltx2/a.mp4", "ltx2", False),
    ],
)
def test_below_a_prefix_is_below_all_of_its_segments(key: str, prefix: str, below: bool) -> None:
    assert ObjectPath(key).is_below(prefix) is below


@pytest.mark.parametrize(
    ("prefix", "key", "is_record"),
    [
        ("ltx2", record_key("ltx2", "a"), True),
        ("", record_key("", "a"), True),
        ("/a/b/", record_key("/a/b/", "a"), True),
        ("ltx2", "ltx2/_JOBS/a.json", True),
        ("ltx2", "LTX2/_jobs/deeper/a.json", True),
        ("ltx2", "ltx2/_jobs", False),
        ("ltx2", "ltx2/_jobsx/a.json", False),
        ("ltx2", "ltx2/2026-01-13/_jobs/video.mp4", False),
    ],
)
def test_records_are_known_by_their_place(prefix: str, key: str, is_record: bool) -> None:
    assert is_record_key(prefix, key) is is_record
