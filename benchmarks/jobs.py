"""Jobs in this process, on production's wiring: from RunPod's delivery to the reply, without the SDK around it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dependency_injector import providers

from application.ports.encoder import Encoder
from application.ports.object_store import ObjectStore
from application.ports.video_model import VideoModel
from container import Container, open_container
from entrypoints.guard import Guard
from entrypoints.job_handler import JobHandler
from entrypoints.worker_life import WorkerLife

SYNTHETIC: Final[Mapping[str, str]] = {"MODEL_BACKEND": "synthetic"}
TINY: Final[Mapping[str, str]] = {"MODEL_NAME": "builtin/tiny", "DEVICE": "cpu", "DTYPE": "float32"}


def container_in(folder: Path, settings: Mapping[str, str] = SYNTHETIC) -> Container:
    """A worker's container, which keeps everything below `folder`."""
    places = {"HOME": str(folder), "HF_HUB_CACHE": str(folder / "hub"), "LOCAL_STORE_DIR": str(folder / "outputs")}
    return open_container({"STORAGE_BACKEND": "local", "LOG_LEVEL": "warning", **places, **settings})


def put_into(
    container: Container,
    *,
    model: VideoModel | None = None,
    encoder: Encoder | None = None,
    store: ObjectStore | None = None,
) -> None:
    """Let these stand in the places of the container's own. To be done before anything else is asked of it."""
    if model is not None:
        container.model.override(providers.Object(model))
    if encoder is not None:
        container.encoder.override(providers.Object(encoder))
    if store is not None:
        container.plain_store.override(providers.Object(store))


def handler_of(container: Container) -> JobHandler:
    """What the SDK would call, as deep as the settings say."""
    guard, depth = Guard(container.codec(), container.generate_once()), container.settings().pipeline_depth
    return JobHandler(guard, WorkerLife(jobs_in_hand=lambda: 0, depth=depth), may_return=True, depth=depth)


async def replied(handler: JobHandler, number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to a job. Raises RuntimeError if it failed."""
    reply = await handler({"id": f"job-{number}", "input": dict(fields)})
    if not reply["ok"]:
        raise RuntimeError(reply["error"])
    return reply
