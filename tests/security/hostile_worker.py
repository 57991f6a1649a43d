"""A worker on production's wiring in this process, whose pictures come over the hostile network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from application.job import Job
from application.job_control import JobControl
from container import open_container
from entrypoints.guard import Guard
from tests.security.hostile_network import GOOD_URL, HostileNetwork

NORMAL: Final[dict[str, Any]] = {"mode": "i2v", "prompt": "a dog", "width": 64, "height": 64, "num_frames": 9}
NEVER_TOLD: Final = ("127.0.0.", "169.254.", "93.184.216", "attacker", "Traceback", "httpcore", "/good.png")
"""What no reply may hold: addresses, hosts, paths, our insides."""


@attrs.frozen(eq=False)
class HostileWorker:
    """The synthetic model, the local store, the real guard, codec and use case."""

    network: HostileNetwork
    _guard: Guard

    def job(self, url: str) -> dict[str, Any]:
        """The reply to a job that starts with the picture at `url`, as it would be sent."""
        reply = self._guard({**NORMAL, "image_url": url}, Job(id="job-1"), JobControl())
        return dict(json.loads(json.dumps(reply, allow_nan=False)))

    def serves(self) -> bool:
        """Whether a normal job succeeds now."""
        reply = self.job(GOOD_URL)
        return reply["ok"] is True and reply["storage"]["bytes"] > 0


@contextmanager
def hostile_worker(network: HostileNetwork, folder: Path) -> Iterator[HostileWorker]:
    container = open_container(
        {
            "MODEL_BACKEND": "synthetic",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(folder / "store"),
            "HOME": str(folder),
            "LOG_LEVEL": "error",
        }
    )
    with container.image_fetcher.override(network.fetcher()):
        yield HostileWorker(network, Guard(container.codec(), container.generate_video()))
