"""Builds pipelines over the shared components."""

import inspect
from typing import Any, Final

import torch

from adapters.video_model.diffusers.call_mapping import PipelineKind
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.frozen import FrozenScheduler

_TEXT_SIDE: Final = ("tokenizer", "text_encoder", "processor", "prompt_enhancer", "duration_head")
"""Never given to a pipeline: text is encoded before, and cached (`text/`)."""


def build_pipeline(
    components: Components,
    kind: PipelineKind,
    *,
    scheduler: Any,  # noqa: ANN401 - diffusers has no types
    connectors: torch.nn.Module,
    device: str,
    audio_scheduler: FrozenScheduler | None = None,
) -> Any:  # noqa: ANN401 - diffusers has no types
    """A pipeline of class `kind` for one run, without text encoder, whose `connectors` hand out encoded text.

    A scheduler keeps the state of a run, so each gets a fresh one. The constructor's signature decides what else
    it is given: pipelines differ in the optional components that they know. Never `from_pipe`, which casts the
    shared weights to float32.
    """
    pipeline_class = _on_device(_pipeline_class(kind), device)
    known = inspect.signature(pipeline_class.__init__).parameters
    shared = {name: part for name, part in components.by_name.items() if name in known and name not in _TEXT_SIDE}
    required = {"tokenizer": None, "text_encoder": None}
    own = {"scheduler": scheduler, "connectors": connectors}
    if audio_scheduler is not None:
        own["audio_scheduler"] = audio_scheduler
    pipeline = pipeline_class(**{**required, **shared, **own})
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _pipeline_class(kind: PipelineKind) -> Any:  # noqa: ANN401 - diffusers has no types
    import diffusers  # noqa: PLC0415 - three seconds, paid when the model is loaded

    if kind in {"LTX2ConditionPipeline", "LTX2InContextPipeline"}:
        from adapters.video_model.diffusers import frame_placing  # noqa: PLC0415 - as above

        return (
            frame_placing.FramePlacingPipeline if kind == "LTX2ConditionPipeline" else frame_placing.InContextPipeline
        )
    return getattr(diffusers, kind)


def _on_device(pipeline_class: Any, device: str) -> Any:  # noqa: ANN401 - diffusers has no types
    """`pipeline_class`, running on `device`.

    diffusers takes the device of the first component that it finds, which under an offloading policy may be one
    that waits on the host.
    """
    return type(pipeline_class.__name__, (pipeline_class,), {"_execution_device": torch.device(device)})
