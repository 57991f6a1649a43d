"""A file of 400 MB on its way to a store, and what the upload adds to a process's memory."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import httpx

MIB = 1 << 20
SIZE = 400 * MIB
ALLOWED = 16 * MIB
"""One of the copies that must not be made would take 400 MiB; every store sends parts or blocks of at most 6 MiB."""

LARGE_KEY = "large.mp4"

Kind = Literal["local", "supabase", "s3", "gcs", "azure"]


def write_large_file(folder: Path) -> Path:
    path = folder / "large"
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(4, "big") * (MIB // 4))
    return path


def added_peak(source: Path, kind: Kind, **fields: str) -> int:
    """Bytes by which a put of `source` under LARGE_KEY raises VmHWM, in a process that did a small put before."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.peak_memory", str(source)],
        env={**os.environ, "STORE": json.dumps({"kind": kind, **fields})},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
        timeout=200,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout.splitlines()[-1])  # stamina logs its retries there while nobody configures structlog


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_by(url: str) -> str:
    """Of what a client gets by a URL."""
    sha256 = hashlib.sha256()
    with httpx.stream("GET", url, trust_env=False) as response:
        response.raise_for_status()
        for block in response.iter_raw(MIB):
            sha256.update(block)
    return sha256.hexdigest()
