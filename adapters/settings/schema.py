"""What the worker is configured with: the adapters' config classes and the few settings that belong to none."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeVar

import attrs

from adapters.encoder.config import EncoderConfig
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.notifier.config import WebhookConfig
from adapters.object_store.config import Backend, LocalConfig, StoreConfig
from adapters.video_model.config import ModelConfig
from domain.limits import Limits
from domain.secret import Secret

T = TypeVar("T")

_A_DAY: Final = 86_400
_SPARE_BYTES: Final = 1 << 30
"""170 frames of 1920x1088 in RGB, or 1,365 of 512x512."""

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]


@attrs.frozen(kw_only=True)
class StoreSettings:
    """Which store is used."""

    backend: Backend
    config: StoreConfig
    """That of the backend."""
    outbox: Path | None = None
    """Folder for what the store did not take; None: it is lost."""

    @property
    def prefix(self) -> str:
        """What every object's key begins with."""
        return self.config.prefix

    @property
    def signed_url_seconds(self) -> int:
        """How long a signed URL works; a day where the store itself signs none."""
        return _A_DAY if isinstance(self.config, LocalConfig) else self.config.signed_url_seconds


@attrs.frozen(kw_only=True)
class LogSettings:
    """`format` None: console where stderr is a terminal, else json."""

    level: LogLevel = "info"
    format: LogFormat | None = None


@attrs.frozen(kw_only=True)
class Settings:
    """All of them. Made by `read_settings`, or by a test."""

    store: StoreSettings
    model: ModelConfig = ModelConfig()
    http: HttpConfig = HttpConfig()
    input_hosts: AllowedHosts = AllowedHosts()
    """The only hosts that inputs may come from; empty: any that `http` allows."""
    input_prefix: str | None = None
    """Below which input pictures may lie in the store; None: nowhere."""
    upload_hosts: AllowedHosts = AllowedHosts()
    """Hosts that jobs may have their clips put to."""
    webhook: WebhookConfig = WebhookConfig()
    encoder: EncoderConfig = EncoderConfig()
    limits: Limits = Limits()
    log: LogSettings = LogSettings()
    job_timeout_seconds: float = 0.0
    """Time budget of a job that brings no `policy.executionTimeout`; 0: none."""
    max_jobs_per_worker: int = 0
    """Jobs after which the platform is asked for a fresh worker; 0: never."""
    pipeline_depth: int = 1
    """Jobs that may be in hand at once; one of them is on the device."""
    record_prompts: bool = True
    """Whether the records of finished jobs hold the prompts."""
    on_runpod: bool = False
    """Whether the platform started this process."""

    @property
    def spare_bytes(self) -> int:
        """Of a job's finished frames that may wait for its encoder, so that the device is free for the next job."""
        return _SPARE_BYTES if self.pipeline_depth > 1 else 0

    @property
    def folders(self) -> Mapping[str, Path]:
        """All folders that are set, by the names of their fields."""
        return dict(_values(Path, "", self))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All secrets that are set, for the redaction of logs and replies."""
        return tuple(secret for _, secret in _values(Secret, "", self))


def _values(kind: type[T], name: str, value: object) -> Iterator[tuple[str, T]]:
    """All values of `kind` below `value`, with the names of their fields."""
    if isinstance(value, kind):
        yield name, value
    elif attrs.has(owner := type(value)):
        for field in attrs.fields(owner):
            yield from _values(kind, field.name, getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _values(kind, name, item)
