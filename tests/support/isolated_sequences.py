"""Starts `tests.support.isolation` and judges what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KINDS_THAT_MUST_OCCUR = frozenset({"finished", "i2v", "keyframes", "lora", "low_vram", "quality", "stopped or failed"})


def start(what: str, seed: int, folder: Path, model_name: str, hub_cache: Path) -> "subprocess.Popen[bytes]":
    folder.mkdir(exist_ok=True)
    arguments = [what, str(seed), str(folder), model_name, str(hub_cache)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.isolation", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
    )


def answer_of(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    told, _ = process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(told)
    return answer


def kinds_in(answer: dict[str, Any]) -> set[str]:
    """Which kinds of job a sequence had."""
    kinds: set[str] = set()
    for job, outcome in zip(answer["jobs"], answer["together"], strict=True):
        fields = job["input"]
        kinds.add("finished" if len(outcome) == 64 else "stopped or failed")
        kinds.add(fields.get("mode", "t2v"))
        kinds.add(fields.get("preset", "standard"))
        kinds |= {"lora"} if "loras" in fields else set()
        kinds |= {"low_vram"} if fields["low_vram"] else set()
    return kinds


def differing(answer: dict[str, Any]) -> list[tuple[dict[str, Any], str, str]]:
    """Jobs that did not give in the sequence what they give alone."""
    rows = zip(answer["jobs"], answer["together"], answer["alone"], strict=True)
    return [(job, together, alone) for job, together, alone in rows if together != alone]
