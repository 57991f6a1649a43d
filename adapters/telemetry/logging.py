"""Log lines: structlog for ours, the same form for everybody else's, both on standard error."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog

from adapters.telemetry.redaction import Redactor

LogFormat = Literal["json", "console"]

_URL_PRINTERS: Final = ("httpx", "httpcore", "httpx2", "httpcore2", "urllib3", "hpack")
"""They print whole URLs at INFO, signatures included, once something has set the root logger to INFO.
Importing runpod does: `rp_upload` calls `logging.basicConfig`. httpx2 is the Hub client's."""

_QUOTING: Final = ("cause", "caused_by", "exception")
"""Attributes that hold other libraries' words."""

EventDict = MutableMapping[str, Any]


def configure_logging(
    *, level: str, log_format: LogFormat | None, redactor: Redactor, stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's root logger, replacing what is there.

    Call it again after importing a library that configures logging on import. `log_format` None: "console"
    where `stream` (standard error) is a terminal, else "json".
    """
    stream = sys.stderr if stream is None else stream
    chosen = log_format or ("console" if stream.isatty() else "json")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # as text, without local variables
        _Redaction(redactor),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # configured again after the SDK's import
    )
    renderer: structlog.typing.Processor
    if chosen == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=_number(level), handlers=[handler], force=True)
    for name in _URL_PRINTERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class _Redaction:
    """The last processor before a line is written: whatever came in, no secret goes out.

    Nor does what a job's context calls `hidden`, its caller's own texts: exceptions may quote them.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _: object, __: str, event: EventDict) -> EventDict:
        hidden = event.pop("hidden", ())
        if hidden and not event.keys().isdisjoint(_QUOTING):
            quiet = self._redactor.hiding(hidden)
            event.update({key: quiet.value(event[key]) for key in _QUOTING if key in event})
        return {
            key: value if key.startswith("_") else self._redactor.value(value)  # "_": structlog's own
            for key, value in event.items()
        }
