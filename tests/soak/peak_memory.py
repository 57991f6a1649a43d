"""A process that stores one file and prints how far that raised its peak of resident memory, in bytes.

`python -m tests.soak.peak_memory FILE` with STORE holding the store's configuration as JSON.
"""

import json
import os
import re
import sys
from pathlib import Path

from adapters.object_store.config import LocalConfig, SupabaseConfig
from adapters.object_store.local import LocalStore
from adapters.object_store.supabase import SupabaseStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStore
from domain.secret import Secret


def main() -> None:
    source = Path(sys.argv[1])
    store = _store(json.loads(os.environ["STORE"]))
    headers = ObjectHeaders(content_type="video/mp4")
    small = source.with_name("small")
    small.write_bytes(bytes(1 << 20))
    store.put(small, "small.mp4", headers, JobControl())  # what code and connections take is there after this
    before = _peak()
    store.put(source, "large.mp4", headers, JobControl())
    json.dump(_peak() - before, sys.stdout)


def _store(config: dict[str, str]) -> ObjectStore:
    if "root" in config:
        return LocalStore(LocalConfig(root=Path(config["root"])))
    return SupabaseStore(SupabaseConfig(url=config["url"], key=Secret(config["key"]), bucket=config["bucket"]))


def _peak() -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        message = "no VmHWM in /proc/self/status"
        raise RuntimeError(message)
    return int(found[1]) * 1024


if __name__ == "__main__":
    main()
