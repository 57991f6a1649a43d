"""The request's `loras`: a list of objects, each fault with its whole path."""

from typing import Final

import attrs

from adapters.wire.items import ItemKind, ReadsField, item_list
from domain.errors import Fault, InvalidInput
from domain.lora import MAX_LORAS, Lora, LoraScale, LoraSource, WeightName

_LORA: Final = ItemKind(
    fields={"source": LoraSource, "weight_name": WeightName, "scale": LoraScale},
    build=Lora,
    most=MAX_LORAS,
    required=("source",),
    nullable=("weight_name",),
)


def lora_list(value: object, read: ReadsField) -> tuple[Lora, ...]:
    """The adapters that `value` (parsed JSON) lists, each at most once.

    Raises:
        InvalidValue: it is no list, or too long.
        InvalidInput: with the faults of all items; their paths begin behind the list's own: "[1].scale".
    """
    loras, faults = item_list(value, _LORA, read)
    for index, lora in loras.items():
        twin = next((earlier for earlier, other in loras.items() if _same_file(lora, other)), index)
        if twin != index:
            faults.append(Fault(f"[{index}].source", f"names the same adapter as item {twin}"))
    if faults:
        raise InvalidInput(tuple(faults))
    return tuple(loras.values())


def _same_file(one: Lora, other: Lora) -> bool:
    return attrs.evolve(one, scale=other.scale) == other
