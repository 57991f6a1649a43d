"""Loads the components of a snapshot, one by one."""

import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
import torch
from safetensors import SafetensorError

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.inventory import Part, parts
from adapters.video_model.diffusers.read_ahead import ReadAhead
from adapters.video_model.diffusers.recognition import read_config
from adapters.video_model.library_output import take_over_output
from adapters.video_model.uncollected import uncollected
from domain.errors import ModelUnavailable

_MODULES: Final = {"diffusers": "diffusers", "transformers": "transformers", "ltx2": "diffusers.pipelines.ltx2"}
"""Where the libraries that a `model_index.json` names are imported from. No other code is run."""

_UNUSED_BY_TEXT: Final = ("vision", "audio", "multi_modal_projector", "lm_head")
"""Parts of a text encoder that encode no text; a checkpoint may come without them."""

_BEHIND_TEXT: Final = "transformer"
"""The first component that works on no prompt, and the largest."""

_ON_THE_HOST: Final[Mapping[str, str]] = {}

_LIBRARY_ERRORS: Final = (
    ImportError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    SafetensorError,
)
"""What diffusers, transformers and safetensors raise for a file that is damaged or of another version."""

_log: Final = structlog.get_logger()


TextReady = Callable[[Components], None]
"""Told the tokenizer, the text encoder, the connectors and what else comes before the transformer."""


def _nobody_waits(_: Components) -> None:
    """Nothing is done in between."""


def load_components(
    snapshot: Path,
    *,
    dtype: DataType,
    devices: Mapping[str, str] = _ON_THE_HOST,
    enhancer: bool = False,
    ahead: ReadAhead | None = None,
    text_ready: TextReady = _nobody_waits,
) -> Components:
    """Read the components of a complete snapshot, each as `LTX2Pipeline.from_pretrained(dtype=...)` would.

    `devices`: where a component's weights go, by its name; the host's memory for those that it does not name. They
    go there straight from the file. `enhancer`: the prompt enhancer, too. The files of the next components are read
    ahead, by `ahead` if it has begun with them, which ends here. `text_ready` is called with the components that
    work on prompts, before the transformer is built and while its files are read. The modules are built one after the
    other, since both libraries set torch's default dtype meanwhile.

    Raises:
        ModelUnavailable: a file is damaged or does not fit its configuration; the message names the component.
        OutOfMemory: the host or a device has not enough memory.
        GpuFailed: the device's context was lost.
    """
    _refuse_timestep_decoder(snapshot)
    found = parts(snapshot, enhancer=enhancer)
    started = time.perf_counter()
    loaded: dict[str, Any] = {}
    weights = {part.name: part.weights for part in found}
    # Modules draw random weights before they are given theirs: the process' generator is left as it was.
    with ahead or ReadAhead(weights) as reading, torch.random.fork_rng(devices=[]):
        _import_libraries()
        for part in found:
            if part.name == _BEHIND_TEXT:
                reading.using(part.name)
                text_ready(Components(dict(loaded)))
            loaded[part.name] = _load_one(part, dtype, devices.get(part.name, "cpu"), reading)
    _log.info(
        "model.components_loaded",
        components=len(loaded),
        **_speed(sum(_file_bytes(part) for part in found), time.perf_counter() - started),
    )
    return Components(loaded)


def _load_one(part: Part, dtype: DataType, device: str, ahead: ReadAhead) -> Any:  # noqa: ANN401 - diffusers has no types
    started = time.perf_counter()
    ahead.using(part.name)
    component = _built(part, dtype)
    if part.weights:
        # They are views of the mapped files, so they reach the device without a copy on the host. With `device_map`,
        # transformers would compute rotary frequencies on the device, which may round otherwise.
        with translated():
            component.to(device)
    if device == "cpu":
        ahead.wait(part.name)  # the weights are views of the mapped file: until it is read, nothing is loaded
    if part.weights:
        seconds = time.perf_counter() - started
        _log.info("model.component_loaded", component=part.name, device=device, **_speed(_file_bytes(part), seconds))
    return component


def _built(part: Part, dtype: DataType) -> Any:  # noqa: ANN401 - diffusers has no types
    component_class = _class_of(part)
    try:
        with translated():
            if not part.weights:
                return component_class.from_pretrained(part.folder, local_files_only=True)
            component, report = component_class.from_pretrained(
                part.folder,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except _LIBRARY_ERRORS as exc:
        message = (
            f"The {part.name} of the checkpoint cannot be loaded, a file is damaged or of another version: "
            f"{type(exc).__name__}"
        )
        raise ModelUnavailable(message) from exc
    _refuse_missing_weights(part, component, report["missing_keys"])
    return component


def _class_of(part: Part) -> Any:  # noqa: ANN401 - diffusers has no types
    if part.kind == "Gemma4Processor":
        from adapters.video_model.diffusers.still_image_processor import StillImageProcessor  # noqa: PLC0415 - transformers

        return StillImageProcessor
    if part.library in _MODULES:
        found = getattr(importlib.import_module(_MODULES[part.library]), part.kind, None)
        if found is not None:
            return found
    message = (
        f"The checkpoint's {part.name} is a {part.kind} of {part.library}, which the installed libraries do not have"
    )
    raise ModelUnavailable(message)


def _import_libraries() -> None:
    try:
        with uncollected("diffusers"):
            from diffusers import LTX2Pipeline  # noqa: F401, PLC0415 - two seconds and a half
    except ImportError as exc:
        message = f"{exc.msg}: the installed diffusers is too old for LTX-2, install the locked requirements"
        raise ModelUnavailable(message) from exc
    take_over_output()
    _log.info("model.libraries_imported")


def _refuse_timestep_decoder(snapshot: Path) -> None:
    if read_config(snapshot, "vae/config.json").get("timestep_conditioning"):
        message = "This checkpoint's VAE decodes with a timestep, which no LTX-2 release does; it is not supported"
        raise ModelUnavailable(message)


def _refuse_missing_weights(part: Part, component: torch.nn.Module, missing: Iterable[str]) -> None:
    """The libraries only warn, and leave such a weight on the meta device (diffusers) or random (transformers)."""
    weights = {name for name, _ in component.named_parameters()}.intersection(missing)
    if part.library == "transformers":
        weights = {name for name in weights if not any(unused in name for unused in _UNUSED_BY_TEXT)}
    if weights:
        message = f"The files of the checkpoint's {part.name} lack {len(weights)} weights, {min(weights)} among them"
        raise ModelUnavailable(message)


def _file_bytes(part: Part) -> int:
    return sum(file.stat().st_size for file in part.weights)


def _speed(size: int, seconds: float) -> dict[str, float]:
    return {"bytes": size, "seconds": round(seconds, 3), "gb_per_second": round(size / seconds / 1e9, 3)}
