"""A process that does the largest jobs that small limits let through, and tells how far each raised its memory.

`python -m tests.security.memory_jobs FOLDER` prints JSON: for each job [its fields, code or null, bytes].
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from entrypoints.guard import Guard
from tests.support.resident_peak import resident_rise

LIMITS: Final = {"MAX_PIXELS": "65536", "MAX_NUM_FRAMES": "60", "MAX_SECONDS": "20"}
JOBS: Final[tuple[dict[str, Any], ...]] = (
    {"num_frames": 20, "fps": 1, "width": 256, "height": 256},
    {"num_frames": 49, "fps": 2.45, "width": 256, "height": 256},
    {"num_frames": 60, "fps": 3, "width": 256, "height": 256},
    {"num_frames": 60, "fps": 120, "width": 1024, "height": 64},
    {"num_frames": 1, "fps": 120, "width": 64, "height": 1024},
    {"num_frames": 49, "fps": 1, "width": 64, "height": 64},
    {"num_frames": 49, "fps": 0.1, "width": 64, "height": 64},
    {"num_frames": 10**18, "fps": 120, "width": 64, "height": 64},
    {"num_frames": 1, "fps": 1e-300, "width": 64, "height": 64},
    {"num_frames": 1, "fps": 24, "width": 4096, "height": 4096},
)


def main() -> None:
    root = Path(sys.argv[1])
    container = open_container(
        {
            "MODEL_BACKEND": "synthetic",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(root / "outputs"),
            "HOME": str(root),
            "LOG_LEVEL": "error",
            **LIMITS,
        }
    )
    send(container, {"num_frames": 1, "width": 64, "height": 64})  # what code takes is there after this
    risen = []
    for fields in JOBS:
        with resident_rise() as rise:
            reply = send(container, fields)
        risen.append([fields, reply.get("code"), rise.size])
    json.dump(risen, sys.stdout)


def send(container: Container, fields: dict[str, Any]) -> dict[str, Any]:
    guard = Guard(container.codec(), container.generate_video())
    return guard({"prompt": "a dog", "seed": 1, "steps": 2, **fields}, Job(id="job"), JobControl())


if __name__ == "__main__":
    main()
