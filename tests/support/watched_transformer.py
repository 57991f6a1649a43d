"""Counts what a transformer is called with, and what the pipelines around it believe."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from adapters.video_model.diffusers.video_model import DiffusersModel

_TIMESTEPS = 1000
"""diffusers' flow-matching timesteps are sigmas times this."""


@attrs.frozen
class Forward:
    """One call of the transformer. `sigma` is the noisiest token's: those of a held picture are clean."""

    sigma: float
    rows: int
    tokens: int
    audio_tokens: int
    isolated: bool
    perturbed: tuple[int, ...]
    cross_timestep: bool
    loras: int
    """Adapters that are active in it."""
    appended: tuple[tuple[float, float], ...] = ()
    """Where tokens behind the clip's own lie in time, in frames: from and to."""


@contextmanager
def watched(model: DiffusersModel) -> Iterator[list[Forward]]:
    """Every forward of the model's transformer, in order, as long as the context is open."""
    transformer = model._ready().components.by_name["transformer"]
    seen: list[Forward] = []

    def note(module: Any, _: tuple[Any, ...], arguments: dict[str, Any]) -> None:
        seen.append(
            Forward(
                sigma=float(arguments["timestep"].float().max()) / _TIMESTEPS,
                rows=arguments["hidden_states"].shape[0],
                tokens=arguments["hidden_states"].shape[1],
                audio_tokens=arguments["audio_hidden_states"].shape[1],
                isolated=arguments["isolate_modalities"],
                perturbed=tuple(arguments["spatio_temporal_guidance_blocks"] or ()),
                cross_timestep=arguments["use_cross_timestep"],
                loras=_active_loras(module),
                appended=_appended(arguments),
            )
        )

    handle = transformer.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield seen
    finally:
        handle.remove()


@attrs.frozen
class Scales:
    """The guidance that a pipeline says it works with: picture, then sound."""

    video: tuple[float, float, float, float]
    audio: tuple[float, float, float, float]

    @classmethod
    def of(cls, pipeline: Any) -> "Scales":
        names = ("guidance_scale", "stg_scale", "modality_scale", "guidance_rescale")
        return cls(
            tuple(getattr(pipeline, name) for name in names),
            tuple(getattr(pipeline, f"audio_{name}") for name in names),
        )


def _active_loras(transformer: Any) -> int:
    wrappers = (module for module in transformer.modules() if hasattr(module, "base_layer"))
    return len({name for wrapper in wrappers if not wrapper.disable_adapters for name in wrapper.active_adapters})


def _appended(arguments: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    own = arguments["num_frames"] * arguments["height"] * arguments["width"]
    spans = arguments["video_coords"][0, 0, own:].double() * arguments["fps"]
    return tuple(dict.fromkeys((round(start, 3), round(end, 3)) for start, end in spans.tolist()))
