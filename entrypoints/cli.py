"""The command line: `python -m entrypoints.cli generate`, `… capabilities` and `… doctor`."""

import datetime as dt
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn, TextIO
from urllib.parse import unquote, urlsplit

import click
from dotenv import dotenv_values

from application.job import Job
from application.job_control import JobControl
from container import Container, open_codec, open_container, open_redactor
from domain.errors import SettingsInvalid, WorkerError
from domain.naming import ObjectPath
from domain.offers import Offers
from domain.requests import GenerationRequest
from domain.results import FoundObject, GenerationResult
from entrypoints import capabilities, signing
from entrypoints.examination import is_fit
from entrypoints.guard import Guard
from entrypoints.job_input import InputError, input_from_file, input_from_flags
from entrypoints.progress_bar import progress_bar
from entrypoints.replies import Reply
from entrypoints.reporting import reporting
from entrypoints.webhooks import Webhooks

_FAILED: Final = 1
_BAR_SECONDS: Final = 0.1


@click.group()
def main() -> None:
    """Make LTX-2 videos without RunPod, with the worker's own settings (environment, then .env)."""


@main.command()
@click.option(
    "--input", "file", type=click.File(encoding="utf-8"), help='JSON file with {"input": {…}}; - reads stdin.'
)
@click.option("--mode", help="t2v or i2v.")
@click.option("--prompt", help="What the clip shows.")
@click.option("--negative-prompt", help="What it should not show.")
@click.option("--enhance-prompt", is_flag=True, default=None, help="Let the model write the prompt out first.")
@click.option("--preset", help="official, fast, standard or quality.")
@click.option("--image", type=click.Path(path_type=Path), help="First frame; implies mode i2v.")
@click.option("--size", metavar="WxH", help="Such as 1280x720.")
@click.option("--resolution", help="The shorter side instead: 480p, 540p, 720p or 1080p.")
@click.option("--aspect-ratio", help="16:9, 9:16, 1:1, 4:3, 3:4 or 21:9.")
@click.option("--num-frames", type=int)
@click.option("--seconds", type=float, help="Length, instead of --num-frames.")
@click.option("--fps", type=float)
@click.option("--seed", type=int)
@click.option("--num-outputs", type=int, help="Takes, 1 to 8, each with the next seed.")
@click.option("--steps", type=int)
@click.option("--guidance", type=float)
@click.option("--file-name", help="Name of the clip's file, ending in .mp4.")
@click.option("--low-vram", is_flag=True, default=None, help="Run with the low-memory policy.")
def generate(file: TextIO | None, image: Path | None, size: str | None, **flags: Any) -> None:  # noqa: ANN401 - click hands over what the options say
    """Run one job and print its reply as JSON. Flags win over the fields of --input.

    Exits with 0 if the clip was made, 1 if the job failed, 2 if the command cannot be understood.
    """
    try:
        fields = input_from_file(file) if file is not None else {}
        fields |= input_from_flags(flags, image, size)
    except InputError as exc:
        raise click.UsageError(str(exc)) from exc
    reply = _reply_to(fields)
    click.echo(json.dumps(reply, indent=2, ensure_ascii=False, allow_nan=False))
    _show_file(reply)
    sys.exit(0 if reply.get("ok") else _FAILED)


@main.command()
def doctor() -> None:
    """Check settings, disk, encoder, GPU, snapshot and store; exit with 1 if one of them is not fit."""
    environ = _environment()
    redact = open_redactor(environ).text
    container = _container_or_exit(environ)
    _say("settings", "every variable can be read", ok=True)
    findings = container.diagnose()()
    for finding in findings:
        _say(finding.name, redact(finding.line), ok=finding.error is None)
    sys.exit(0 if is_fit(findings) else _FAILED)


@main.command("capabilities")
@click.option("--json", "as_json", is_flag=True, help="The reply that a job of mode capabilities gets.")
def list_capabilities(*, as_json: bool) -> None:
    """Tell what the configured checkpoint can be asked for; loads no weights. Exits with 1 if it cannot be told."""
    if as_json:
        reply = _reply_to({"mode": "capabilities"})
        click.echo(json.dumps(reply, indent=2, ensure_ascii=False, allow_nan=False))
        sys.exit(0 if reply.get("ok") else _FAILED)
    environ = _environment()
    try:
        offers = _container_or_exit(environ).list_offers()()
    except WorkerError as error:
        _say("model", open_redactor(environ).text(error.message), ok=False)
        sys.exit(_FAILED)
    for line in capabilities.as_lines(offers):
        click.echo(line)


def _container_or_exit(environ: Mapping[str, str]) -> Container:
    """Ends the process where settings are wrong, with a line for each of them."""
    try:
        return open_container(environ)
    except SettingsInvalid as error:
        redact = open_redactor(environ).text
        for fault in error.faults:
            _say("settings", redact(str(fault)), ok=False)
        sys.exit(_FAILED)


def _reply_to(fields: dict[str, Any]) -> Reply:
    guard, job = _guard(), _new_job()
    with (
        _stop_on_interrupt() as is_cancelled,
        reporting(progress_bar(sys.stderr), job_id=job.id, interval=_BAR_SECONDS) as report,
    ):
        return guard(fields, job, JobControl(report=report, is_cancelled=is_cancelled))


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the job then ends at its next step, with a reply. A second one ends the process."""
    stop = threading.Event()

    def interrupted(_: int, __: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _guard() -> Guard:
    """The worker's, or one that fails every job where the settings are wrong: the reply then says so."""
    codec = open_codec(_environment())
    try:
        container = open_container(_environment())
    except SettingsInvalid as exc:
        refuse = _refusing(exc)
        operations = {
            "capabilities": capabilities.as_operation(codec, refuse),
            "sign": signing.as_operation(codec, refuse),
        }
        return Guard(codec, refuse, operations)

    def generate_video(request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        return container.generate_video()(request, job, control)  # built here: imports torch, a bad request needs none

    def sign(path: ObjectPath) -> FoundObject:
        return container.sign_object()(path)

    def offers() -> Offers:
        return container.list_offers()()

    operations = {
        "capabilities": capabilities.as_operation(codec, offers),
        "sign": signing.as_operation(codec, sign),
    }
    return Guard(codec, generate_video, operations, Webhooks(container.notifier))


def _refusing(error: SettingsInvalid) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise error

    return refuse


def _environment() -> dict[str, str]:
    """The process' environment over the .env file of the current folder."""
    in_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**in_file, **os.environ}


def _new_job() -> Job:
    now = dt.datetime.now(dt.UTC)
    return Job(id=f"cli-{now:%H%M%S}-{secrets.token_hex(4)}")


def _show_file(reply: Reply) -> None:
    """Where each clip lies, for people, if it lies on this machine."""
    for output in reply.get("outputs", [reply]):
        url = urlsplit((output.get("storage") or {}).get("public_url") or "")
        if url.scheme == "file":
            path = Path(unquote(url.path))
            shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
            click.echo(f"Clip: {shown}", err=True)


def _say(name: str, line: str, *, ok: bool) -> None:
    click.echo(f"{'ok' if ok else 'FAILED':8}{name:10}{line}")


if __name__ == "__main__":
    main()
