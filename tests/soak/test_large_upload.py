import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.supabase_replies import Fault
from tests.support.supabase_server import SupabaseServer

pytestmark = pytest.mark.soak

MIB = 1 << 20
SIZE = 400 * MIB
ALLOWED = 16 * MIB
"""One of the copies that must not be made would take 400 MiB; httpx and the local store read blocks below 1 MiB."""


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(4, "big") * (MIB // 4))
    return path


def added_peak(source: Path, **store: str) -> int:
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.peak_memory", str(source)],
        env={**os.environ, "STORE": json.dumps(store)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout.splitlines()[-1])  # stamina logs its retries there while nobody configures structlog


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_large_file_goes_to_the_local_store_block_by_block(large_file: Path, tmp_path: Path) -> None:
    root = tmp_path / "store"
    assert added_peak(large_file, root=str(root)) < ALLOWED
    assert digest(root / "large.mp4") == digest(large_file)


def test_a_large_file_goes_to_supabase_block_by_block_twice(large_file: Path) -> None:
    """Twice, as the first attempt is lost near its end."""
    with SupabaseServer(discard=True) as server:
        for fault in (Fault(), Fault(), Fault(drop_after=SIZE - MIB)):  # of the small file's two requests none fails
            server.fail(fault)
        assert added_peak(large_file, url=server.url, key=server.key, bucket=server.bucket) < ALLOWED
        assert [method for method, _ in server.requests] == ["POST", "GET", "POST", "POST", "GET"]
        assert server.objects["large.mp4"].size == SIZE
        assert server.objects["large.mp4"].sha256 == digest(large_file)
