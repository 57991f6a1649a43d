"""The request's `loras`."""

from typing import Any

import attrs
import pytest
from cattrs import ClassValidationError

from adapters.wire.converter import CONVERTER, faults_in
from domain.lora import MAX_LORAS, Lora, LoraScale, LoraSource, WeightName


@attrs.frozen
class Holder:
    loras: tuple[Lora, ...] = ()
    low: bool = False


def taken(loras: object) -> tuple[Lora, ...]:
    return CONVERTER.structure({"loras": loras}, Holder).loras


def refused(loras: object, **others: Any) -> list[str]:
    with pytest.raises(ClassValidationError) as error:
        CONVERTER.structure({"loras": loras, **others}, Holder)
    return [str(fault) for fault in faults_in(error.value, "")]


def test_all_fields_and_their_defaults() -> None:
    assert CONVERTER.structure({}, Holder).loras == taken([]) == ()
    assert taken(
        [
            {"source": "org/name"},
            {"source": "org/name", "weight_name": "a/b.safetensors", "scale": -0.5},
            {"source": "ink.safetensors", "weight_name": None, "scale": 2},
        ]
    ) == (
        Lora(LoraSource("org/name")),
        Lora(LoraSource("org/name"), WeightName("a/b.safetensors"), LoraScale(-0.5)),
        Lora(LoraSource("ink.safetensors"), None, LoraScale(2)),
    )


@pytest.mark.parametrize(
    ("loras", "fault"),
    [
        (None, "loras must be a list of objects, got null"),
        ("org/name", 'loras must be a list of objects, got "org/name"'),
        ({"source": "org/name"}, "loras must be a list of objects, got an object"),
        (["org/name"], 'loras[0] must be an object, got "org/name"'),
        ([{}], "loras[0].source is required"),
        ([{"source": None}], "loras[0].source must be a string, got null"),
        ([{"source": "a/b", "scale": None}], "loras[0].scale must be a number, got null"),
        ([{"source": "a/b", "scale": True}], "loras[0].scale must be a number, got true"),
        ([{"source": "a/b", "scale": "1"}], 'loras[0].scale must be a number, got "1"'),
        ([{"source": "a/b", "scale": float("nan")}], "loras[0].scale must be a number, got NaN"),
        ([{"source": "a/b"}, {"source": "a/c", "scale": 4.5}], "loras[1].scale must be from -4 to 4, got 4.5"),
        ([{"source": "a/b", "weight_name": 3}], "loras[0].weight_name must be a string, got 3"),
        ([{"source": "a/b", "weight_name": "a.bin"}], "loras[0].weight_name must be the name of a .safetensors file"),
        (
            [{"source": "a.safetensors", "weight_name": "b.safetensors"}],
            "loras[0] must have no weight_name: its source is a file already",
        ),
        (
            [{"source": "a/b", "weight": 1}],
            "loras[0].weight is not a known field; known are source, weight_name, scale",
        ),
    ],
)
def test_each_fault_has_its_path(loras: object, fault: str) -> None:
    assert refused(loras) == [fault]


def test_all_faults_are_told_at_once() -> None:
    assert refused([{"source": "?", "scale": 9, "x": 1}, {"source": "a/b"}, 5], low="no") == [
        'loras[0].source must be a Hub name such as "org/name", or the path of a .safetensors file in the LoRA folder',
        "loras[0].scale must be from -4 to 4, got 9",
        "loras[0].x is not a known field; known are source, weight_name, scale",
        "loras[2] must be an object, got 5",
        'low must be true or false, got "no"',
    ]


def test_many_unknown_fields_are_counted() -> None:
    told = refused([{"source": "a/b"} | {f"x{number}": 0 for number in range(7)}])
    assert told[-1] == "loras[0] has 2 more fields that are not known"
    assert len(told) == 6


def test_the_list_is_short() -> None:
    names = [{"source": f"a/{number}"} for number in range(MAX_LORAS + 1)]
    assert len(taken(names[:MAX_LORAS])) == MAX_LORAS
    assert refused(names) == [f"loras must have at most {MAX_LORAS} items, got {MAX_LORAS + 1}"]


def test_an_adapter_stands_there_once() -> None:
    name = {"source": "a/b", "weight_name": "x.safetensors"}
    assert refused([name, {"source": "a/c"}, {**name, "scale": 0.5}]) == [
        "loras[2].source names the same adapter as item 0"
    ]
    assert len(taken([name, {"source": "a/b"}, {"source": "a/b", "weight_name": "y.safetensors"}])) == 3
