"""Low-rank adapters (LoRA) that a request asks for."""

import re
from typing import Final

import attrs

from domain.errors import InvalidValue

MAX_LORAS: Final = 4
"""Per request. Each is a pass over every adapted layer and up to a gigabyte beside the weights."""

MAX_SCALE: Final = 4.0
"""As in Lightricks' own desktop app (scale 0 to 4); below 0 an adapter's effect is turned round."""

_SUFFIX: Final = ".safetensors"
"""The one format that is read: it holds numbers and no code."""
_MAX_NAME: Final = 255
_PART: Final = "[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_HUB_NAME: Final = re.compile(f"{_PART}/{_PART}", re.ASCII)
_NOT_IN_HUB_NAMES: Final = re.compile(r"\.\.|--|\.git$")
"""With the pattern, what huggingface_hub's `validate_repo_id` takes of names with an owner."""


def _refuse_odd_text(text: str) -> None:
    if not 1 <= len(text) <= _MAX_NAME or not text.isprintable():
        message = f"must have 1 to {_MAX_NAME} printable characters"
        raise InvalidValue(message)


def _is_hub_name(text: str) -> bool:
    return _HUB_NAME.fullmatch(text) is not None and _NOT_IN_HUB_NAMES.search(text) is None


@attrs.frozen
class LoraSource:
    """Where an adapter comes from: what ends in .safetensors is a file, anything else a Hub repository.

    A file stands below the worker's LoRA folder ("styles/ink.safetensors"); a repository has an owner ("org/name").
    """

    name: str

    def __attrs_post_init__(self) -> None:
        _refuse_odd_text(self.name)
        if not self.is_file and not _is_hub_name(self.name):
            message = f'must be a Hub name such as "org/name", or the path of a {_SUFFIX} file in the LoRA folder'
            raise InvalidValue(message)

    @property
    def is_file(self) -> bool:
        return self.name.endswith(_SUFFIX)


@attrs.frozen
class WeightName:
    """A file of a Hub repository: its path in there, which ends in .safetensors."""

    name: str

    def __attrs_post_init__(self) -> None:
        _refuse_odd_text(self.name)
        if not self.name.endswith(_SUFFIX):
            message = f"must be the name of a {_SUFFIX} file"
            raise InvalidValue(message)


@attrs.frozen
class LoraScale:
    """What an adapter's effect is multiplied by, -4 … 4; 0 switches it off."""

    scale: float

    def __attrs_post_init__(self) -> None:
        if not -MAX_SCALE <= self.scale <= MAX_SCALE:  # also false for NaN
            message = f"must be from {-MAX_SCALE:g} to {MAX_SCALE:g}, got {self.scale:g}"
            raise InvalidValue(message)


@attrs.frozen
class Lora:
    """One adapter. `weight_name` picks a file of a Hub repository that holds several."""

    source: LoraSource
    weight_name: WeightName | None = None
    scale: LoraScale = LoraScale(1.0)

    def __attrs_post_init__(self) -> None:
        if self.source.is_file and self.weight_name is not None:
            message = "must have no weight_name: its source is a file already"
            raise InvalidValue(message)
