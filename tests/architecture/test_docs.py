"""The docs are true: links lead somewhere, examples decode, commands and variables exist."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.settings.variables import TABLE
from adapters.wire.batches import decode_job
from adapters.wire.failures import encode_failure
from adapters.wire.modes import MODES
from adapters.wire.requests import decode_path, decode_request
from domain.batch import MAX_BATCH, Batch
from domain.errors import DeadlineExceeded, Fault, InvalidInput, WorkerError
from domain.output import MAX_OUTPUTS
from domain.requests import StoredImage
from domain.targets import S3Target, UploadUrl
from entrypoints.job_fields import fields_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    dead = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_there_are_links_to_check() -> None:
    assert sum(len(LINK.findall(page.read_text(encoding="utf-8"))) for page in PAGES) > 20


def sample_inputs() -> Iterator[tuple[str, Any]]:
    for body in re.findall(r"-d '(\{.*?\})'\n", README):
        yield "curl", json.loads(body)
    for block in blocks(README, "python"):
        assignment = next(node for node in ast.parse(block).body if isinstance(node, ast.Assign))
        yield "python", ast.literal_eval(assignment.value)
    for block in blocks(README, "js"):
        yield "js", json.loads(block[block.index("{") : block.index("};") + 1])
    for file in sorted((ROOT / "examples").glob("*.json")):
        yield file.name, json.loads(file.read_text(encoding="utf-8"))
    yield "test_input.json", json.loads((ROOT / "test_input.json").read_text(encoding="utf-8"))


def test_every_request_that_the_docs_show_decodes() -> None:
    samples = list(sample_inputs())
    assert {name for name, _ in samples} >= {
        "curl",
        "python",
        "js",
        "demo.json",
        "t2v.json",
        "i2v.json",
        "quality.json",
        "lora.json",
        "upload_url.json",
        "s3_config.json",
        "image_path.json",
        "keyframes.json",
        "sign.json",
        "takes.json",
        "batch.json",
    }
    for _, job in samples:
        fields: Any = fields_of(job)
        if "batch" in fields:
            decoded = decode_job(fields)
            assert isinstance(decoded, Batch)
            assert [getattr(item, "mode", item) for item in decoded.items] == [item["mode"] for item in fields["batch"]]
        elif fields["mode"] == "sign":
            assert decode_path({name: value for name, value in fields.items() if name != "mode"}).key == fields["path"]
        else:
            assert decode_request(fields).mode == fields["mode"]


def test_the_requests_of_the_delivery_page_are_the_example_files() -> None:
    page = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
    shown = [json.loads(block) for block in blocks(page, "json")]
    files = [ROOT / "examples" / f"{name}.json" for name in ("upload_url", "s3_config", "image_path", "sign")]
    assert shown == [json.loads(file.read_text(encoding="utf-8")) for file in files]
    by_url, by_key, pictured = (decode_request(fields_of(job)) for job in shown[:3])
    assert isinstance(by_url.target, UploadUrl)
    assert isinstance(by_key.target, S3Target)
    assert isinstance(pictured.pictures[0], StoredImage)


def test_the_requests_of_the_page_of_several_clips_are_the_example_files() -> None:
    page = (ROOT / "docs" / "batches.md").read_text(encoding="utf-8")
    files = [ROOT / "examples" / f"{name}.json" for name in ("takes", "batch")]
    assert [json.loads(block) for block in blocks(page, "json")] == [
        json.loads(file.read_text(encoding="utf-8")) for file in files
    ]
    assert f"`num_outputs` is 1 … {MAX_OUTPUTS}." in page
    assert f"`batch` has 1 to {MAX_BATCH} requests" in page


def test_the_requests_of_the_modes_page_are_the_example_files() -> None:
    page = (ROOT / "docs" / "modes.md").read_text(encoding="utf-8")
    shown = [json.loads(block) for block in blocks(page, "json")]
    sections = [title for title in re.findall(r"^## (.+)$", page, re.MULTILINE) if title in MODES]
    files = [ROOT / "examples" / f"{name}.json" for name in (*sections, "smooth")]
    assert shown == [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert [decode_request(fields_of(job)).mode for job in shown[:-1]] == sections == list(MODES)


def test_the_python_sample_is_the_example_file() -> None:
    (sample,) = blocks(README, "python")
    assert (ROOT / "examples" / "client.py").read_text(encoding="utf-8").endswith(sample)


def failures() -> list[dict[str, Any]]:
    texts = [README, (ROOT / "docs" / "api.md").read_text(encoding="utf-8")]
    shown = [json.loads(block) for text in texts for block in blocks(text, "json")]
    return [reply for reply in shown if reply["ok"] is False]


def test_shown_failures_are_what_the_worker_answers() -> None:
    shown = failures()
    assert len(shown) == 2
    for reply in shown:
        faults = tuple(Fault(**fault) for fault in reply["details"])
        assert encode_failure(InvalidInput(faults), reply["error_id"]) == reply


def test_the_shown_fault_is_the_decoders() -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_request({"width": 511})
    assert [{"path": fault.path, "message": fault.message} for fault in caught.value.faults] == failures()[1]["details"]


def test_the_shown_reply_has_the_form_of_a_real_one() -> None:
    golden = json.loads((ROOT / "tests" / "data" / "wire" / "success_supabase.json").read_text(encoding="utf-8"))
    shown = next(reply for reply in map(json.loads, blocks(README, "json")) if reply["ok"])
    assert form(shown) == form(golden)


def form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: form(item) for key, item in value.items()}
    return type(value).__name__ if not isinstance(value, (int, float)) or isinstance(value, bool) else "number"


def test_every_variable_that_the_docs_set_is_known() -> None:
    text = README + (ROOT / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#? ?([A-Z][A-Z_]{3,})=", text, re.MULTILINE))
    assert len(names) > 7
    assert names <= set(TABLE)


def test_every_make_target_that_the_docs_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:`|^|&& )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named <= targets
    assert named >= {"demo", "test", "check", "soak"}


def all_codes(kind: type[WorkerError] = WorkerError) -> set[tuple[str, bool]]:
    return {(kind.code, kind.retryable)}.union(*(all_codes(child) for child in kind.__subclasses__()))


def test_the_table_of_codes_is_complete_and_right() -> None:
    text = (ROOT / "docs" / "operations" / "errors.md").read_text(encoding="utf-8")
    rows = {
        (code, retryable == "yes") for code, retryable in re.findall(r"^\| `(\w+)` \| (yes|no) \|", text, re.MULTILINE)
    }
    codes = {(code, retryable) for code, retryable in all_codes() if code != "internal"} | {("internal", True)}
    assert rows == codes
    assert (DeadlineExceeded.code, True) in rows


def test_every_event_that_the_code_logs_is_documented() -> None:
    text = (ROOT / "docs" / "operations" / "logging.md").read_text(encoding="utf-8")
    logged = {
        event
        for folder in ("adapters", "entrypoints")
        for path in (ROOT / folder).rglob("*.py")
        for event in re.findall(r'_?log\.?(?:\w*)\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(logged) > 8
    assert {event for event in logged if f"`{event}`" not in text} == set()
