"""One component with adapters in its layers: put in, chosen, taken out, and then to the bit what it was."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import torch

from adapters.video_model.diffusers.lora.faults import failure
from adapters.video_model.diffusers.lora.weights import LowRank
from domain.errors import InputUnreadable


@attrs.frozen(eq=False)
class AdaptedModel:
    """A transformer or connectors of diffusers, to which peft's layers are added and removed.

    peft wraps each adapted linear layer; a wrapper that is switched off hands the base layer's result on, to the
    bit, and the wrappers are gone with the last adapter. Works on models in fp8 storage and under group offload.
    """

    model: Any

    @property
    def names(self) -> frozenset[str]:
        """The adapters that are in it."""
        return frozenset(getattr(self.model, "peft_config", None) or ())

    def check(self, layers: Mapping[str, LowRank], label: str) -> None:
        """Raise InputUnreadable unless every layer is one of this model's linear layers, of the right size."""
        modules = dict(self.model.named_modules())
        for name, layer in layers.items():
            base = _base(modules.get(name))
            if not isinstance(base, torch.nn.Linear):
                message = f"was made for another model: this one has no layer {name[:120]}"
                raise failure(InputUnreadable, label, message)
            if (base.in_features, base.out_features) != (layer.down.shape[1], layer.up.shape[0]):
                message = (
                    f"was made for another model: {name} has {layer.down.shape[1]} inputs and {layer.up.shape[0]} "
                    f"outputs, here {base.in_features} and {base.out_features}"
                )
                raise failure(InputUnreadable, label, message)

    def add(self, name: str, layers: Mapping[str, LowRank]) -> None:
        """Put an adapter in, for which `check` has passed. Raises what torch raises, and leaves nothing behind then.

        It may be active afterwards: `activate` says which are. The numbers are set here, in the model's compute
        type and where the layer is: peft creates them in the type of the stored base layer, which fp8 storage
        would round and no kernel multiplies.
        """
        try:
            with _peft_at_ease():
                self.model.load_lora_adapter(
                    _tensors(layers),
                    prefix=None,
                    adapter_name=name,
                    metadata=_configuration(layers),
                    low_cpu_mem_usage=True,  # else peft draws numbers, only for them to be overwritten
                )
            dtype = self.model.dtype  # diffusers looks at every module for it
            for module, layer in layers.items():
                wrapper = self.model.get_submodule(module)
                device = _base(wrapper).weight.device
                for slot, tensor in ((wrapper.lora_A, layer.down), (wrapper.lora_B, layer.up)):
                    slot[name].weight = torch.nn.Parameter(tensor.to(device, dtype), requires_grad=False)
        except BaseException:
            self.remove(name)
            raise
        _renew_group_offload(self.model)

    def activate(self, scales: Mapping[str, float]) -> None:
        """Switch exactly these adapters on; names that are not in this model are passed over."""
        own = {name: scale for name, scale in sorted(scales.items()) if name in self.names}
        if own:
            self.model.set_adapters(list(own), list(own.values()))
            self.model.enable_lora()
        elif self.names:
            self.model.disable_lora()

    def remove(self, name: str) -> None:
        """Take an adapter out, also one that was put in by half; with the last one peft's layers go."""
        if self.names - {name}:
            with _peft_at_ease():
                self.model.delete_adapters([name])
        else:
            self.model.unload_lora()


@contextmanager
def _peft_at_ease() -> Iterator[None]:
    """Let peft not warn of a second adapter in a model, and of one that is removed after its use: both are meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Already found a `peft_config` attribute", category=UserWarning)
        warnings.filterwarnings("ignore", message="Adapter .* was active which is now deleted", category=UserWarning)
        yield


def _base(module: Any) -> Any:  # noqa: ANN401 - peft's wrappers have no types
    """The layer that peft's wrapper holds, or `module` itself."""
    return getattr(module, "base_layer", module)


def _tensors(layers: Mapping[str, LowRank]) -> dict[str, torch.Tensor]:
    downs = {f"{module}.lora_A.weight": layer.down for module, layer in layers.items()}
    return downs | {f"{module}.lora_B.weight": layer.up for module, layer in layers.items()}


def _configuration(layers: Mapping[str, LowRank]) -> dict[str, object]:
    """The `LoraConfig` of peft for these layers: the commonest rank and alpha, and the others by name."""
    ranks = {module: layer.rank for module, layer in layers.items()}
    alphas = {module: layer.alpha for module, layer in layers.items()}
    rank = Counter(ranks.values()).most_common(1)[0][0]
    alpha = Counter(alphas.values()).most_common(1)[0][0]
    return {
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": {f"^{re.escape(module)}": own for module, own in ranks.items() if own != rank},
        "alpha_pattern": {f"^{re.escape(module)}": own for module, own in alphas.items() if own != alpha},
        "target_modules": list(layers),
    }


def _renew_group_offload(model: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Let group offload, where it is on, know the new numbers: it keeps host copies of its own for its streams.

    diffusers does that in `load_lora_adapter` only for a whole pipeline, and before the numbers are set here.
    """
    from diffusers.hooks.group_offloading import (  # noqa: PLC0415 - three seconds
        _maybe_remove_and_reapply_group_offloading,
    )

    _maybe_remove_and_reapply_group_offloading(model)
