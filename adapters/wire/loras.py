"""The request's `loras`: a list of objects, each fault with its whole path."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Never, Protocol, TypeVar

import attrs

from adapters.wire.excerpts import excerpt, name_excerpt
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.lora import MAX_LORAS, Lora, LoraScale, LoraSource, WeightName

_FIELDS: Final[Mapping[str, Any]] = {"source": LoraSource, "weight_name": WeightName, "scale": LoraScale}

_MAX_UNKNOWN: Final = 5
"""Unknown keys of one object that are named."""

T = TypeVar("T")


class ReadsField(Protocol):
    """Reads a value object from JSON (the converter's `structure`); raises InvalidValue."""

    def __call__(self, value: object, kind: type[T], /) -> T: ...


def lora_list(value: object, read: ReadsField) -> tuple[Lora, ...]:
    """The adapters that `value` (parsed JSON) lists, each at most once.

    Raises:
        InvalidValue: it is no list, or too long.
        InvalidInput: with the faults of all items; their paths begin behind the list's own: "[1].scale".
    """
    if not isinstance(value, list):
        _refuse(f"must be a list of objects, got {excerpt(value)}")
    if len(value) > MAX_LORAS:
        _refuse(f"must have at most {MAX_LORAS} items, got {len(value)}")
    faults: list[Fault] = []
    loras: dict[int, Lora] = {}
    for index, item in enumerate(value):
        found = [Fault(f"[{index}]{fault.path}", fault.message) for fault in _faults(item, read)]
        if found:
            faults.extend(found)
            continue
        lora = _lora(item, read)
        twin = next((earlier for earlier, other in loras.items() if _same_file(lora, other)), None)
        if twin is not None:
            faults.append(Fault(f"[{index}].source", f"names the same adapter as item {twin}"))
        loras[index] = lora
    if faults:
        raise InvalidInput(tuple(faults))
    return tuple(loras.values())


def _refuse(message: str) -> Never:
    raise InvalidValue(message)


def _faults(item: object, read: ReadsField) -> Iterator[Fault]:
    """What is wrong with one item, paths relative to it."""
    if not isinstance(item, dict):
        yield Fault("", f"must be an object, got {excerpt(item)}")
        return
    sound = True
    for name, kind in _FIELDS.items():
        try:
            _field(item, name, kind, read)
        except InvalidValue as refused:
            sound = False
            yield Fault(f".{name}", refused.message)
    unknown = [name for name in item if name not in _FIELDS]
    for name in unknown[:_MAX_UNKNOWN]:
        yield Fault(f".{name_excerpt(name)}", f"is not a known field; known are {', '.join(_FIELDS)}")
    if len(unknown) > _MAX_UNKNOWN:
        yield Fault("", f"has {len(unknown) - _MAX_UNKNOWN} more fields that are not known")
    if sound:
        try:
            _lora(item, read)
        except InvalidValue as refused:
            yield Fault("", refused.message)


def _field(item: dict[str, object], name: str, kind: type[T], read: ReadsField) -> T | None:
    """The value of one field; None where it is left out, or null where the table says so."""
    if name == "source" and name not in item:
        _refuse("is required")
    if name not in item or (name == "weight_name" and item[name] is None):
        return None
    return read(item[name], kind)


def _lora(item: dict[str, object], read: ReadsField) -> Lora:
    fields = {name: _field(item, name, kind, read) for name, kind in _FIELDS.items()}
    return Lora(**{name: field for name, field in fields.items() if field is not None})


def _same_file(one: Lora, other: Lora) -> bool:
    return attrs.evolve(one, scale=other.scale) == other
