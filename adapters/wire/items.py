"""Lists of objects in a request: each item strict, each fault with its place in the list."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, Generic, Never, Protocol, TypeVar

import attrs

from adapters.wire.excerpts import excerpt, name_excerpt
from domain.errors import Fault, InvalidInput, InvalidValue

_MAX_UNKNOWN: Final = 5
"""Unknown keys of one object that are named."""

T = TypeVar("T")


class ReadsField(Protocol):
    """Reads a value object from JSON (the converter's `structure`); raises InvalidValue."""

    def __call__(self, value: object, kind: type[T], /) -> T: ...


@attrs.frozen(kw_only=True)
class ItemKind(Generic[T]):
    """What the objects of a list hold.

    `fields` are the types by name. `build` is given those that an item has, by name; it may raise InvalidValue, or
    InvalidInput with paths that begin behind the item's own: ".image_url".
    """

    fields: Mapping[str, Any]
    build: Callable[..., T]
    most: int
    least: int = 0
    required: Collection[str] = ()
    nullable: Collection[str] = ()
    """Fields of which null means that they are left out."""


def item_list(value: object, kind: ItemKind[T], read: ReadsField) -> tuple[dict[int, T], list[Fault]]:
    """The sound items of `value` (parsed JSON) by their place, and the faults of all others.

    Their paths begin behind the list's own: "[1].scale".

    Raises:
        InvalidValue: it is no list, too short or too long.
    """
    if not isinstance(value, list):
        _refuse(f"must be a list of objects, got {excerpt(value)}")
    if not kind.least <= len(value) <= kind.most:
        span = f"{kind.least} to {kind.most}" if kind.least else f"at most {kind.most}"
        _refuse(f"must have {span} items, got {len(value)}")
    items: dict[int, T] = {}
    faults: list[Fault] = []
    for index, raw in enumerate(value):
        found = list(_faults(raw, kind, read))
        faults.extend(Fault(f"[{index}]{fault.path}", fault.message) for fault in found)
        if not found:
            items[index] = _item(raw, kind, read)
    return items, faults


def _faults(raw: object, kind: ItemKind[T], read: ReadsField) -> Iterator[Fault]:
    """What is wrong with one item, paths relative to it."""
    if not isinstance(raw, dict):
        yield Fault("", f"must be an object, got {excerpt(raw)}")
        return
    sound = True
    for name in kind.fields:
        try:
            _field(raw, name, kind, read)
        except InvalidValue as refused:
            sound = False
            yield Fault(f".{name}", refused.message)
    unknown = [name for name in raw if name not in kind.fields]
    for name in unknown[:_MAX_UNKNOWN]:
        yield Fault(f".{name_excerpt(name)}", f"is not a known field; known are {', '.join(kind.fields)}")
    if len(unknown) > _MAX_UNKNOWN:
        yield Fault("", f"has {len(unknown) - _MAX_UNKNOWN} more fields that are not known")
    if sound:
        try:
            _item(raw, kind, read)
        except InvalidValue as refused:
            yield Fault("", refused.message)
        except InvalidInput as refused:
            yield from refused.faults


def _item(raw: dict[str, object], kind: ItemKind[T], read: ReadsField) -> T:
    fields = {name: _field(raw, name, kind, read) for name in kind.fields}
    return kind.build(**{name: field for name, field in fields.items() if field is not None})


def _field(raw: dict[str, object], name: str, kind: ItemKind[T], read: ReadsField) -> object:
    """The value of one field; None where it is left out, or null where the table says so."""
    if name not in raw:
        return _refuse("is required") if name in kind.required else None
    if name in kind.nullable and raw[name] is None:
        return None
    value: object = read(raw[name], kind.fields[name])
    return value


def _refuse(message: str) -> Never:
    raise InvalidValue(message)
