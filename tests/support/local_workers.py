"""Production's wiring with a local store, and jobs through its guard."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from entrypoints.guard import Guard


def tiny_worker(name: str, hub_cache: Path, outputs: Path, **environ: str) -> Container:
    """A tiny checkpoint on the CPU, in float32."""
    local = {"STORAGE_BACKEND": "local", "LOCAL_STORE_DIR": str(outputs), "HOME": str(hub_cache)}
    tiny = {"MODEL_NAME": name, "DTYPE": "float32", "DEVICE": "cpu", "HF_HUB_CACHE": str(hub_cache)}
    return open_container(local | tiny | environ)


def synthetic_worker(root: Path) -> Container:
    """The test card; it puts its clips below `root`."""
    local = {"STORAGE_BACKEND": "local", "LOCAL_STORE_DIR": str(root / "outputs"), "HOME": str(root)}
    return open_container(local | {"MODEL_BACKEND": "synthetic"})


def answered_by(
    container: Container, fields: dict[str, Any], job_id: str = "job-1", control: JobControl | None = None
) -> dict[str, Any]:
    """The reply to a job, as it comes out of its JSON."""
    guard = Guard(container.codec(), container.generate_video())
    reply = guard(fields, Job(id=job_id), control or JobControl())
    return dict(json.loads(json.dumps(reply, allow_nan=False)))


def stored_file(reply: dict[str, Any]) -> Path:
    """The file of a clip in the local store."""
    return Path(unquote(urlsplit(reply["storage"]["public_url"]).path))
