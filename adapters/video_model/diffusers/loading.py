"""Loads the components of a snapshot once, and builds pipelines over them."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import torch

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.call_mapping import PipelineKind
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.library_output import take_over_output
from domain.errors import ModelUnavailable

_UNUSED: Final[Mapping[str, None]] = {"processor": None, "prompt_enhancer": None, "duration_head": None}
"""Optional components of LTX2Pipeline that no mode uses; the enhancer alone is 10 GB."""


@attrs.frozen(eq=False)
class Components:
    """Every component of a loaded checkpoint by name. They are shared by all pipelines and never copied."""

    by_name: Mapping[str, Any]

    def pipeline(self, kind: PipelineKind, *, static_schedule: bool) -> Any:  # noqa: ANN401 - diffusers has no types
        """A pipeline of class `kind` over the shared components, with a scheduler of its own.

        A scheduler keeps the state of a run, so each job gets a fresh one. `static_schedule`: explicit sigmas
        are run as they are; a dynamic scheduler would shift them silently. The constructor's signature decides
        what it is given: pipelines differ in the optional components that they know. Never `from_pipe`, which
        casts the shared weights to float32.
        """
        import diffusers  # noqa: PLC0415 - three seconds, paid when the model is loaded

        pipeline_class = getattr(diffusers, kind)
        known = inspect.signature(pipeline_class.__init__).parameters
        shared = {name: component for name, component in self.by_name.items() if name in known}
        pipeline = pipeline_class(**{**shared, "scheduler": self._fresh_scheduler(static=static_schedule)})
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def move_to(self, device: str) -> None:
        """Bring every weight to `device`, in place. Raises what torch raises."""
        for part in self.by_name.values():
            if isinstance(part, torch.nn.Module):
                part.to(device)

    def _fresh_scheduler(self, *, static: bool) -> Any:  # noqa: ANN401 - diffusers has no types
        prototype = self.by_name["scheduler"]
        changes = {"use_dynamic_shifting": False, "shift_terminal": None} if static else {}
        return type(prototype).from_config(prototype.config, **changes)


def load_components(snapshot: Path, *, dtype: DataType) -> Components:
    """Read the weights of `snapshot` into the host's memory.

    Raises:
        ModelUnavailable: a file is damaged or does not fit its configuration.
        OutOfMemory: the host has not enough memory.
    """
    try:
        from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds
        from safetensors import SafetensorError  # noqa: PLC0415
    except ImportError as exc:
        message = f"{exc.msg}: the installed diffusers is too old for LTX-2, install the locked requirements"
        raise ModelUnavailable(message) from exc
    take_over_output()
    with translated():
        try:
            pipeline = LTX2Pipeline.from_pretrained(
                snapshot, dtype=getattr(torch, dtype), local_files_only=True, **_UNUSED
            )
        except (OSError, ValueError, KeyError, SafetensorError) as exc:
            kind = type(exc).__name__
            message = f"The checkpoint cannot be loaded, a file is damaged or of another version: {kind}"
            raise ModelUnavailable(message) from exc
    if pipeline.vae.config.timestep_conditioning:
        message = "This checkpoint's VAE decodes with a timestep, which no LTX-2 release does; it is not supported"
        raise ModelUnavailable(message)
    return Components({name: part for name, part in pipeline.components.items() if part is not None})
