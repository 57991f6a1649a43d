"""Files and flags become the input that RunPod's API takes."""

import base64
import io
from pathlib import Path

import pytest

from entrypoints.job_input import InputError, input_from_file, input_from_flags


def file(text: str) -> io.StringIO:
    stream = io.StringIO(text)
    stream.name = "job.json"
    return stream


def test_the_object_under_input_is_taken() -> None:
    assert input_from_file(file('{"input": {"prompt": "a", "steps": 3}, "webhook": "x"}')) == {
        "prompt": "a",
        "steps": 3,
    }


def test_a_target_beside_it_is_taken_along() -> None:
    assert input_from_file(file('{"input": {"prompt": "a"}, "s3Config": {"region": "b"}}')) == {
        "prompt": "a",
        "s3Config": {"region": "b"},
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"input": []}', '{"prompt": "a"}', "[" * 100_000])
def test_anything_else_says_what_the_file_should_hold(text: str) -> None:
    with pytest.raises(InputError, match=r"job\.json (is no JSON|must hold an object)"):
        input_from_file(file(text))


def test_flags_that_were_not_given_are_left_out() -> None:
    assert input_from_flags({"prompt": "a", "seed": None, "low_vram": None}, None, None) == {"prompt": "a"}


def test_a_size_is_two_sides() -> None:
    assert input_from_flags({}, None, "1280x720") == {"width": 1280, "height": 720}


@pytest.mark.parametrize("size", ["1280", "1280X720", "x", "-1x5", "1280x720x3", "123456x2"])
def test_a_size_of_another_form_is_refused(size: str) -> None:
    with pytest.raises(InputError, match="--size must be WIDTHxHEIGHT"):
        input_from_flags({}, None, size)


def test_a_picture_goes_inline_and_means_i2v(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    fields = input_from_flags({"prompt": "a"}, picture, None)
    assert fields["mode"] == "i2v"
    assert base64.b64decode(fields["image_base64"]) == b"\x89PNG"
    assert input_from_flags({"mode": "other"}, picture, None)["mode"] == "other"


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.png cannot be read: No such file"):
        input_from_flags({}, tmp_path / "missing.png", None)
