"""No request makes the worker compute or reply without bounds, and no clip takes more than the limits allow."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from adapters.video_model.diffusers.lora.layers import layers_of
from adapters.wire.requests import decode_request
from application.job import Job
from application.job_control import JobControl
from application.sign_object import SignObject
from container import open_codec
from domain.errors import DeadlineExceeded, InputUnreadable, InvalidInput
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints import signing
from entrypoints.guard import Guard, Operation
from entrypoints.job_handler import JobHandler
from entrypoints.replies import Reply
from entrypoints.worker_life import WorkerLife
from tests.fakes.object_store import InMemoryStore
from tests.support.lora_files import pair, written

ROOT: Final = Path(__file__).resolve().parents[2]
MIB: Final = 1 << 20
SECONDS: Final = 1.0
"""CPU time that a request may take until it is refused or at work, on a slow machine and with megabytes of text."""
REPLY: Final = 1 << 15
"""Characters of a refusal in ASCII: all fields wrong, each with sixty emoji that JSON spells out."""

FIELDS: Final = (
    "mode",
    *(field.name for field in attrs.fields(GenerationRequest)),
    "image_url",
    "image_base64",
    "image_path",
)


def accepted(request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
    """A use case that is too late: what gets this far was taken."""
    message = "late"
    raise DeadlineExceeded(message)


SIGN: Final = signing.as_operation(open_codec(), SignObject(InMemoryStore(), "ltx2"))
DOCTOR: Final = Operation(lambda _: {"ok": True})
GUARD: Final = Guard(open_codec(), accepted, {"doctor": DOCTOR, "sign": SIGN})


def reply_to(raw: object) -> Reply:
    """The reply, which came in time and is of a bearable size, and was no accident."""
    begin = time.thread_time()
    reply = GUARD(raw, Job(id="job"), JobControl())
    assert time.thread_time() - begin < SECONDS
    assert len(json.dumps(reply)) < REPLY
    assert reply["code"] in {"invalid_input", "deadline_exceeded"}
    return reply


def nested(kind: type, depth: int) -> object:
    value: object = kind()
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


LONG: Final = 3_000_000
VALUES: Final[Mapping[str, object]] = {
    "letters": "a" * LONG,
    "CJK": "湖" * LONG,
    "emoji": "👩‍👩‍👧" * (LONG // 5),
    "combining marks": "e" + "\u0301" * LONG,
    "blanks": " " * LONG,
    "NULs": "\x00" * LONG,
    "halves of surrogate pairs": "\ud800" * LONG,
    "quotes": '"' * LONG,
    "digits": "9" * LONG,
    "base64": "A" * LONG,
    "a data URL's head": "data:" * (LONG // 5),
    "slashes": "a/" * (LONG // 2),
    "a long list": [0] * LONG,
    "a list of texts": ["a" * 1000] * 1000,
    "a list of objects": [{"source": "org/a"}] * 100_000,
    "four large objects": [{f"k{number}": 0 for number in range(100_000)}] * 4,
    "a large object": {f"k{number}": 0 for number in range(300_000)},
    "a giant key": {"k" * LONG: 0},
    "lists in lists": nested(list, 100_000),
    "objects in objects": nested(dict, 100_000),
    "10**400": 10**400,
    "-10**400": -(10**400),
    "10**5000": 10**5000,  # more digits than Python writes
    "2**63": 2**63,
    "2**31": 2**31,
    "-1": -1,
    "1e308": 1e308,
    "5e-324": 5e-324,
    "-0.0": -0.0,
    "infinity": float("inf"),
    "NaN": float("nan"),
    "true": True,
    "null": None,
}


@pytest.mark.parametrize("field", FIELDS)
def test_any_value_of_a_field_is_answered_at_once_and_shortly(field: str) -> None:
    for mode in ("t2v", "i2v"):
        for value in VALUES.values():
            reply_to({"prompt": "a lake", "mode": mode, field: value})


def test_any_path_to_sign_is_answered_at_once_and_shortly() -> None:
    for value in VALUES.values():
        assert reply_to({"mode": "sign", "path": value})["details"][0]["path"] == "path"


def test_all_fields_may_be_wrong_at_once() -> None:
    for value in VALUES.values():
        reply_to(dict.fromkeys(FIELDS, value))
        reply_to(value)


@pytest.mark.parametrize("mode", ["t2v", "doctor", "sign"])
@pytest.mark.parametrize(
    "fields",
    [
        {f"k{number}": 0 for number in range(200_000)},
        {f"negative_promp{number}": 0 for number in range(50_000)},
        {"negative_prompt" * 4 + str(number): 0 for number in range(20)},
        {"n" * LONG: 0},
        {"\ud800" * 60 + str(number): 0 for number in range(1000)},
        {"\x00" * 60 + str(number): 0 for number in range(1000)},
    ],
    ids=["many", "many that are almost right", "long and almost right", "giant", "half pairs", "NULs"],
)
def test_unknown_fields_cost_little_however_many_and_long(mode: str, fields: dict[str, object]) -> None:
    reply = reply_to({"prompt": "a lake", "mode": mode, **fields})
    assert reply["code"] == "invalid_input"
    assert len(reply["details"]) <= 22
    assert len(reply["error"]) <= 2000


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('{"prompt": "a", "steps": 1e400}', False),
        ('{"prompt": "a", "guidance": 1e400}', False),
        ('{"prompt": "a", "guidance": -1e400}', False),
        ('{"prompt": "a", "guidance": NaN}', False),
        ('{"prompt": "a", "guidance": -0.0}', True),
        ('{"prompt": "a", "fps": -0.0}', False),
        ('{"prompt": "a", "fps": 1e-400}', False),
        ('{"prompt": "a", "seed": -0}', True),
        ('{"prompt": "a", "seed": 1' + "0" * 4000 + "}", False),
        ('{"prompt": "a", "fps": 24.' + "0" * 100_000 + "1}", True),
        ('{"prompt": "a", "fps": 1' + "0" * 400 + ".0}", False),
        ('{"prompt": "", "prompt": "a"}', True),  # of fields that are sent twice the last one counts
        ('{"prompt": "a", "prompt": ""}', False),
        ('{"prompt": "a", "steps": 30, "steps": 100000}', False),
        ('{"prompt": "a", "__proto__": {"steps": 1}, "__class__": "x"}', False),
        ('{"prompt": "\\ud83d"}', False),
        ('{"prompt": "\\u0000"}', True),
    ],
)
def test_json_that_says_odd_things(text: str, taken: bool) -> None:
    """As the SDK's `json.loads` hands it on. What that refuses (deeper nesting, more digits) never gets here."""
    assert (reply_to(json.loads(text))["code"] == "deadline_exceeded") is taken


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
@pytest.mark.parametrize("character", ["a", "湖", "👧"])
def test_prompts_have_10_000_characters(field: str, character: str) -> None:
    assert character * 10_000 in str(decode_request({"prompt": "a", field: character * 10_000}))
    with pytest.raises(InvalidInput) as caught:
        decode_request({"prompt": "a", field: character * 10_001})
    (fault,) = caught.value.faults
    assert fault.path == field
    assert fault.message.endswith("10000 characters" + (" after trimming" if field == "prompt" else "") + ", got 10001")


def test_there_are_at_most_four_loras() -> None:
    several = [{"source": f"org/a{number}"} for number in range(5)]
    assert len(decode_request({"prompt": "a", "loras": several[:4]}).loras) == 4
    with pytest.raises(InvalidInput, match="loras must have at most 4 items, got 5"):
        decode_request({"prompt": "a", "loras": several})


@pytest.mark.parametrize("limit", [10**400, 1e308, float("inf"), float("nan"), -1, "1" * 5000, [], {}])
def test_any_execution_timeout_is_answered(limit: object) -> None:
    handler = JobHandler(GUARD, WorkerLife(jobs_in_hand=lambda: 0), may_return=True)
    delivered = {"id": "job", "input": {"prompt": "a"}, "policy": {"executionTimeout": limit}}
    assert asyncio.run(handler(delivered))["code"] == "deadline_exceeded"


@pytest.mark.parametrize("ending", ["lora_A", "alpha"])
def test_names_in_a_lora_file_are_told_shortly(tmp_path: Path, ending: str) -> None:
    name = "transformer." + "x" * MIB
    tensors = pair("transformer.a", 4, 4) | {f"{name}.{ending}": pair("a", 4, 4)["a.lora_A.weight"]}
    file = written(tmp_path / "a.safetensors", tensors)
    with pytest.raises(InputUnreadable) as caught:
        layers_of(file, "loras[0]")
    assert len(caught.value.message) < 500
    assert len(str(caught.value.faults)) < 600


def test_the_largest_jobs_raise_the_workers_memory_by_little(tmp_path: Path) -> None:
    """Of the synthetic model, so that it is the worker's own: sound, chunks, encoder, verification."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.security.memory_jobs", str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    jobs: list[tuple[dict[str, Any], str | None, int]] = json.loads(done.stdout)
    codes = [code for _, code, _ in jobs]
    assert codes == [None] * 5 + ["over_limit", "invalid_input", "over_limit", "invalid_input", "over_limit"]
    assert [(fields, risen // MIB) for fields, _, risen in jobs if risen > 64 * MIB] == []
    assert [fields for fields, code, risen in jobs if code is not None and risen > MIB] == []
