"""Which layers an adapter's file changes: its header's names, in diffusers' terms, and nothing left over."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from adapters.video_model.diffusers.lora.faults import failure
from domain.errors import InputUnreadable

Part = Literal["down", "up", "alpha"]
Component = Literal["transformer", "connectors"]

_COMPONENTS: Final[tuple[Component, ...]] = ("transformer", "connectors")

_ENDINGS: Final[Mapping[str, Part]] = {
    ".lora_A.weight": "down",
    ".lora_down.weight": "down",
    ".lora_B.weight": "up",
    ".lora_up.weight": "up",
    ".alpha": "alpha",
}
_NOT_APPLIED: Final = ("dora_scale", "lora_magnitude_vector")
"""DoRA's magnitudes. diffusers drops them with a warning, and what is left is another adapter."""


@attrs.frozen
class Layer:
    """One adapted layer: `module` is its path in `component`, `keys` the names of its tensors in the file."""

    component: Component
    module: str
    keys: Mapping[Part, str]


def layers_of(path: Path, label: str) -> tuple[Layer, ...]:
    """The layers that the file at `path` adapts, in a fixed order; only its header is read.

    diffusers' own reader converts the makers' names, and drops silently what it does not know: here every tensor
    of the file must have been understood.

    Raises:
        InputUnreadable: no safetensors file, no LoRA, a DoRA, or one of another model. `label` begins the message.
    """
    with opened(path, label) as file:
        names = list(file.keys())
    if any(sign in name for name in names for sign in _NOT_APPLIED):
        message = "is a DoRA, whose magnitudes diffusers does not apply; only plain LoRA is taken"
        raise failure(InputUnreadable, label, message)
    found: dict[tuple[Component, str], dict[Part, str]] = {}
    for name, converted in _converted(names):
        component, module, part = _understood(name, converted, label)
        parts = found.setdefault((component, module), {})
        if part in parts:
            raise failure(InputUnreadable, label, f"has two tensors for the same part of a layer: {name}")
        parts[part] = name
    if not found:
        raise failure(InputUnreadable, label, "holds no tensors")
    for (_, module), parts in found.items():
        if not {"down", "up"} <= parts.keys():
            raise failure(InputUnreadable, label, f"holds half of a layer only: {module}")
    return tuple(Layer(component, module, parts) for (component, module), parts in sorted(found.items()))


def opened(path: Path, label: str) -> Any:  # noqa: ANN401 - safetensors' handle has no usable types
    """The safetensors file, a context manager. Raises InputUnreadable if it is damaged or something else."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - with torch, a second

    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as exc:
        message = "is damaged, or no safetensors file"
        raise failure(InputUnreadable, label, message) from exc


def _converted(names: list[str]) -> Iterator[tuple[str, str | None]]:
    """Each name of the file with diffusers' name for it, if there is one.

    The mixin's reader only renames keys, so that it can be given names for tensors.
    """
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds

    converted = LTX2Pipeline.lora_state_dict({name: name for name in names})
    of_name = {name: new for new, name in converted.items()}
    for name in names:
        yield name, of_name.get(name)


def _understood(name: str, converted: str | None, label: str) -> tuple[Component, str, Part]:
    component = next((known for known in _COMPONENTS if (converted or "").startswith(f"{known}.")), None)
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), None)
    if converted is None or component is None or ending is None:
        message = f"is no LoRA for LTX-2, or one in a format that is not known: it holds {name[:120]}"
        raise failure(InputUnreadable, label, message)
    return component, converted.removeprefix(f"{component}.").removesuffix(ending), _ENDINGS[ending]
