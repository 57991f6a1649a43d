from pathlib import Path

import pytest

from tests.soak.large_files import ALLOWED, LARGE_KEY, MIB, SIZE, added_peak, digest, write_large_file
from tests.support.supabase_replies import Fault
from tests.support.supabase_server import SupabaseServer

pytestmark = pytest.mark.soak


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    return write_large_file(tmp_path)


def test_a_large_file_goes_to_the_local_store_block_by_block(large_file: Path, tmp_path: Path) -> None:
    root = tmp_path / "store"
    assert added_peak(large_file, "local", root=str(root)) < ALLOWED
    assert digest(root / LARGE_KEY) == digest(large_file)


def test_a_large_file_goes_to_supabase_in_chunks_though_the_line_breaks(large_file: Path) -> None:
    with SupabaseServer(discard=True) as server:
        # What passes: the small file's two requests, the creation, and sixty chunks.
        for fault in (*[Fault()] * 63, Fault(drop_after=MIB)):
            server.fail(fault)
        assert added_peak(large_file, "supabase", url=server.url, key=server.key, bucket=server.bucket) < ALLOWED
        assert server.uploads.received_bytes == SIZE
        assert [method for method, _ in server.requests].count("HEAD") == 1
        assert_whole(server, large_file)


def test_a_large_file_goes_through_the_plain_door_block_by_block_twice(large_file: Path) -> None:
    """Twice, as the first attempt is lost near its end."""
    with SupabaseServer(discard=True) as server:
        server.uploads.offered = False
        for fault in (Fault(), Fault(), Fault(), Fault(drop_after=SIZE - MIB)):
            server.fail(fault)
        assert added_peak(large_file, "supabase", url=server.url, key=server.key, bucket=server.bucket) < ALLOWED
        assert [method for method, _ in server.requests] == ["POST", "GET", "POST", "POST", "POST", "GET"]
        assert_whole(server, large_file)


def assert_whole(server: SupabaseServer, source: Path) -> None:
    stored = server.objects[LARGE_KEY]
    assert (stored.size, stored.sha256) == (SIZE, digest(source))
