"""From the environment to a worker that is ready, shared by both doors."""

import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from application.diagnose import Finding
from container import Container, open_container
from domain.version import WORKER_VERSION

_OUTBOX_SECONDS: Final = 60.0
"""What the delivery of objects that an earlier worker left in the outbox may add to a start: a large clip's upload."""

_log = structlog.get_logger()


def boot(environ: Mapping[str, str], *, meanwhile: Callable[[], object] = lambda: None) -> Container:
    """Read the settings, check what a job needs, load the model and warm it up; deliver what waits in the outbox.

    What can go on beside imports begins first: the reading of the weights and the start of the decoding process.
    `meanwhile` is for the caller's own imports.

    Raises:
        WorkerError: the worker cannot do a job here. It has not been logged yet.
    """
    begin = time.monotonic()
    container = open_container(environ)
    _log.info("worker.starting", worker_version=WORKER_VERSION, settings=container.described_settings())
    with container.weight_reading():
        container.picture_sandbox().start()
        meanwhile()
        prepare = container.prepare()  # imports what the adapters need
        _log.info("worker.checking", seconds=round(time.monotonic() - begin, 3))
        findings = prepare(_tell)
    if all(finding.error is None for finding in findings):
        container.store().drain(_OUTBOX_SECONDS)
    _log.info("worker.ready", seconds=round(time.monotonic() - begin, 3))
    return container


def _tell(finding: Finding) -> None:
    if finding.error is None:
        _log.info("worker.checked", check=finding.name, found=finding.line)
    else:
        _log.warning("worker.check_failed", check=finding.name, code=finding.error.code, found=finding.line)
