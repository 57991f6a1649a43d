"""What can be examined of a model before it is used: a name, and a function that returns a line about it."""

from collections.abc import Callable, Mapping

from adapters.video_model.config import ModelConfig
from application.ports.video_model import VideoModel

# ruff: noqa: PLC0415 - torch is imported by the check that needs it


def model_checks(config: ModelConfig, model: VideoModel) -> Mapping[str, Callable[[], str]]:
    """The checks by name, cheapest first. Each raises a WorkerError that says what to do."""
    return {"diffusers": _diffusers_checks, "synthetic": _synthetic_checks}[config.backend](config, model)


def _diffusers_checks(config: ModelConfig, model: VideoModel) -> Mapping[str, Callable[[], str]]:
    def device_line() -> str:
        from adapters.video_model.diffusers.preflight import check_device

        return check_device(config)

    def snapshot_line() -> str:
        from adapters.video_model.diffusers.preflight import check_snapshot

        return check_snapshot(config)

    def memory_line() -> str:
        from adapters.video_model.diffusers.preflight import check_memory
        from adapters.video_model.diffusers.video_model import DiffusersModel

        return check_memory(config, model.policy if isinstance(model, DiffusersModel) else None)

    return {"gpu": device_line, "snapshot": snapshot_line, "memory": memory_line}


def _synthetic_checks(_: ModelConfig, __: VideoModel) -> Mapping[str, Callable[[], str]]:
    return {"snapshot": lambda: "synthetic test card, no weights"}
