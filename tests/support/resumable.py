"""What tests of resumable uploads ask of the stand-in for Storage."""

from pathlib import Path
from typing import Final

from adapters.object_store.supabase_resumable import CHUNK
from tests.contract.object_store_contract import KEY
from tests.support.supabase_replies import Fault
from tests.support.supabase_server import SupabaseServer

LARGE: Final = 2 * CHUNK + 17
"""Three chunks."""

POST, PATCH, HEAD, DELETE, INFO = "POST", "PATCH", "HEAD", "DELETE", "GET"


def methods(server: SupabaseServer) -> list[str]:
    return [method for method, _ in server.requests]


def fail(server: SupabaseServer, *faults: Fault | None) -> None:
    """Let the next requests fail; None lets one pass."""
    for fault in faults:
        server.fail(fault or Fault())


def assert_stored(server: SupabaseServer, source: Path) -> None:
    assert server.objects[KEY].content == source.read_bytes()
