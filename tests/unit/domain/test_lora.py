"""What an adapter may be called, and how strong it may be."""

import pytest

from domain.errors import InvalidValue
from domain.lora import Lora, LoraScale, LoraSource, WeightName


@pytest.mark.parametrize("name", ["Lightricks/LTX-2", "a/b", "_a/b.c-d_e", "o/" + "n" * 96])
def test_a_name_of_the_hub_is_a_source(name: str) -> None:
    assert not LoraSource(name).is_file


@pytest.mark.parametrize(
    "name", ["ink.safetensors", "styles/ink 2.safetensors", "org/name.safetensors", "é.safetensors"]
)
def test_what_ends_like_a_weights_file_is_one(name: str) -> None:
    assert LoraSource(name).is_file


@pytest.mark.parametrize(
    "name",
    ["name", "org/name/more", "/name", "org/", "-a/b", "a/.b", "a/b..c", "a/b--c", "a b/c", "o/" + "n" * 97, "é/b",
     "a/b-", "a./b", "a/b.git",
     "https://example.com/a", "ink.SAFETENSORS", "a/b\n"],
)  # fmt: skip
def test_anything_else_is_no_source(name: str) -> None:
    with pytest.raises(InvalidValue):
        LoraSource(name)


@pytest.mark.parametrize("kind", [LoraSource, WeightName])
@pytest.mark.parametrize("name", ["", "x" * 244 + ".safetensors", "a\0.safetensors", "a\n.safetensors"])
def test_names_are_short_and_printable(kind: type[LoraSource | WeightName], name: str) -> None:
    with pytest.raises(InvalidValue, match="must have 1 to 255 printable characters"):
        kind(name)


@pytest.mark.parametrize("kind", [LoraSource, WeightName])
def test_the_longest_name_is_taken(kind: type[LoraSource | WeightName]) -> None:
    name = "x" * 243 + ".safetensors"
    assert kind(name).name == name


def test_only_safetensors_are_weights() -> None:
    with pytest.raises(InvalidValue, match=r"must be the name of a \.safetensors file"):
        WeightName("pytorch_lora_weights.bin")


@pytest.mark.parametrize("scale", [-4, -0.5, 0, 1.25, 4])
def test_scales(scale: float) -> None:
    assert LoraScale(scale).scale == scale


@pytest.mark.parametrize("scale", [-4.01, 4.01, float("nan"), float("inf")])
def test_scales_out_of_range(scale: float) -> None:
    with pytest.raises(InvalidValue, match="must be from -4 to 4, got"):
        LoraScale(scale)


def test_a_file_has_no_weight_name() -> None:
    assert Lora(LoraSource("a/b"), WeightName("x.safetensors")).scale == LoraScale(1.0)
    with pytest.raises(InvalidValue, match="must have no weight_name"):
        Lora(LoraSource("a.safetensors"), WeightName("x.safetensors"))
