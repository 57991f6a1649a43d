"""Eight-bit arithmetic for the transformer's large layers, by torchao.

Weights are stored in eight bits and activations are brought to eight bits on the fly; both then meet in the GPU's
eight-bit matrix units. Left as they are, as in LightX2V (github.com/ModelTC/LightX2V): the first block and the last
ninth (0 and 43 to 47 of 48), the attention to the text, and the gates. Two thirds of the real transformer's weights
are quantised: 37.8 GB in bfloat16 become 25 GB.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
import torch

from adapters.video_model.config import Quantization
from adapters.video_model.diffusers.acceleration.refusal import refusal
from adapters.video_model.diffusers.failures import translated

_VARIABLE: Final = "QUANTIZATION"
_PACKAGE: Final = "torchao==0.18.0"
"""Tested with torch 2.13.0; the extra `quantization` in pyproject.toml."""
_TEXT_ATTENTION: Final = frozenset({"attn2", "audio_attn2"})
_GATES: Final = "to_gate_logits"
_FP8_CAPABILITY: Final = (8, 9)
"""Ada and later multiply in fp8 (CUDA C++ Programming Guide, "Compute Capabilities")."""
_TOLERANCE: Final = 0.1
"""Relative error of one layer; int8 is off by 0.01 and fp8 by 0.04 on random numbers."""
_PROBE_ROWS: Final = 64
"""cuBLAS multiplies eight-bit integers for more than 16 rows only."""


@attrs.frozen
class Quantized:
    """What quantising did. Bytes are those of the whole transformer; `nbytes` of a quantised tensor misleads."""

    layers: int
    bytes_before: int
    bytes_after: int


def check_quantization(quantization: Quantization, device: str, capability: tuple[int, int] | None) -> None:
    """Raise SettingsInvalid if torchao is missing, or the device cannot; `capability` is CUDA's, None on a CPU."""
    _configuration(quantization)
    if quantization == "fp8" and (capability is None or capability < _FP8_CAPABILITY):
        message = f'is "fp8", which needs a GPU of compute capability 8.9 or later; {device} has not: choose int8'
        raise refusal(_VARIABLE, message)


def quantize(transformer: torch.nn.Module, quantization: Quantization) -> Quantized:
    """Quantise the transformer's layers in place, on the device where they are.

    Deterministic. The originals are gone afterwards. LoRA goes on top of it (peft knows torchao's layers) and
    comes off again without a trace; layerwise casting and group offload do not go together with it.

    Raises:
        SettingsInvalid: torchao is missing, no layer is large enough or the effect is not there.
        OutOfMemory, GpuFailed: as anywhere on the device.
    """
    configuration = _configuration(quantization)
    from torchao.quantization import quantize_  # noqa: PLC0415 - an optional package, two seconds

    layers = dict(_quantizable(transformer))
    if not layers:
        raise refusal(_VARIABLE, f'is "{quantization}", but the checkpoint has no layer that it would be used for')
    before = stored_bytes(transformer)
    probe = _Probe.of(next(iter(layers.values())))
    try:
        with translated():
            quantize_(transformer, configuration, filter_fn=lambda _, name: name in layers)
            error = probe.error()
    except (AssertionError, NotImplementedError, RuntimeError, ValueError) as exc:
        raise refusal(_VARIABLE, f'is "{quantization}", which does not run on this device') from exc
    after = stored_bytes(transformer)
    if not error <= _TOLERANCE or after >= before:
        message = f'is "{quantization}", but a layer is off by {error:.0%} and {before} bytes became {after}'
        raise refusal(_VARIABLE, message)
    return Quantized(len(layers), before, after)


def stored_bytes(module: torch.nn.Module) -> int:
    """Bytes that the parameters and buffers of `module` take, also where torchao has packed them."""
    return sum(_bytes(tensor) for tensor in (*module.parameters(), *module.buffers()))


def _configuration(quantization: Quantization) -> Any:  # noqa: ANN401 - torchao may be missing
    try:
        from torchao import quantization as torchao  # noqa: PLC0415 - an optional package, two seconds
    except ImportError as exc:
        message = f'is "{quantization}", which needs a package that is not installed: pip install --no-deps {_PACKAGE}'
        raise refusal(_VARIABLE, message) from exc
    make: Callable[[], Any] = {
        "int8": torchao.Int8DynamicActivationInt8WeightConfig,
        "fp8": lambda: torchao.Float8DynamicActivationFloat8WeightConfig(granularity=torchao.PerRow()),
    }[quantization]
    return make()


def _quantizable(transformer: Any) -> Iterator[tuple[str, torch.nn.Linear]]:  # noqa: ANN401 - diffusers has no types
    blocks = len(transformer.transformer_blocks)
    last = blocks - max(1, blocks // 9)
    for index in range(1, last):
        for name, layer in transformer.transformer_blocks[index].named_modules():
            part, _, rest = name.partition(".")
            if isinstance(layer, torch.nn.Linear) and part not in _TEXT_ATTENTION and not rest.endswith(_GATES):
                yield f"transformer_blocks.{index}.{name}", layer


def _bytes(tensor: torch.Tensor) -> int:
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if flatten is None:
        return tensor.nbytes
    return sum(_bytes(part) for name in flatten()[0] if (part := getattr(tensor, name)) is not None)


@attrs.frozen(eq=False)
class _Probe:
    """What one layer makes of random numbers before it is quantised."""

    layer: torch.nn.Linear
    given: torch.Tensor
    expected: torch.Tensor

    @classmethod
    def of(cls, layer: torch.nn.Linear) -> "_Probe":
        weight = layer.weight
        noise = torch.randn(_PROBE_ROWS, layer.in_features, generator=torch.Generator().manual_seed(0))
        given = noise.to(weight.device, weight.dtype)
        with torch.no_grad():
            return cls(layer, given, layer(given).float())

    def error(self) -> float:
        """Relative error of the same layer now."""
        with torch.no_grad():
            return float((self.layer(self.given).float() - self.expected).norm() / self.expected.norm())
