"""Log lines: JSON, one each, redacted whoever wrote them, and quiet where libraries print URLs."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from adapters.telemetry.logging import configure_logging
from adapters.telemetry.redaction import Redactor
from domain.secret import Secret

SECRET = "canary-canary-canary"  # pragma: allowlist secret


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(level="info", log_format="json", redactor=Redactor(secrets=(Secret(SECRET),)), stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    for name in ("httpx", "httpcore", "httpx2", "httpcore2", "urllib3", "hpack"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_event_level_time_and_the_jobs_id(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(job_id="j1"):
        structlog.get_logger().info("video.made", frames=49)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "video.made", "level": "info", "frames": 49, "job_id": "j1"}


def test_secrets_never_come_out_also_from_tracebacks_and_other_libraries(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("a", key=SECRET, nested={"x": [SECRET]})
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("b")
        logging.getLogger("stranger").exception("see %s", SECRET)
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("[redacted]") >= 5
    assert "ValueError: [redacted]" in lines(stream)[1]["exception"]
    assert "ValueError: [redacted]" in lines(stream)[2]["exception"]


def test_libraries_that_print_urls_are_heard_from_warnings_on(stream: io.StringIO) -> None:
    for name in ("httpx", "httpcore.http11", "httpx2", "urllib3"):
        logging.getLogger(name).info("HTTP Request: GET https://x/?token=1")
        logging.getLogger(name).warning("slow")
    assert [line["event"] for line in lines(stream)] == ["slow"] * 4


def test_levels_below_the_configured_one_are_not_written(stream: io.StringIO) -> None:
    structlog.get_logger().debug("a")
    logging.getLogger("x").debug("b")
    assert stream.getvalue() == ""


def test_pythons_warnings_become_lines(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old API", stacklevel=1)
    (line,) = lines(stream)
    assert "old API" in line["event"]
    assert line["level"] == "warning"


def test_configuring_again_replaces_what_was_there(stream: io.StringIO) -> None:
    logging.basicConfig(level=logging.DEBUG, handlers=[logging.StreamHandler(stream)], force=True)
    configure_logging(level="warning", log_format="json", redactor=Redactor(), stream=stream)
    logging.getLogger("x").info("a")
    logging.getLogger("x").warning("b")
    assert [line["event"] for line in lines(stream)] == ["b"]


def test_a_console_is_for_people(stream: io.StringIO) -> None:
    configure_logging(level="info", log_format="console", redactor=Redactor(), stream=stream)
    structlog.get_logger().info("video.made", url="https://x/y?token=1")
    assert "video.made" in stream.getvalue()
    assert "token" not in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        lines(stream)
