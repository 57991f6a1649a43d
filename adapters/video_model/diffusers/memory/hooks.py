"""diffusers' group offload and layerwise casting, put on and taken off again (diffusers 0.42.1)."""

from typing import Any, Final, Literal

import torch

from adapters.video_model.diffusers.memory.visits import HOST

Level = Literal["block_level", "leaf_level"]

_HOOKS: Final = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")
"""What `apply_group_offloading` registers; the last two only with streams, until the first forward is over.
diffusers takes off the same three, in the same order, when LoRA weights are loaded
(`_maybe_remove_and_reapply_group_offloading`), and offers no public way."""


def offload_arguments(device: str, level: Level) -> dict[str, Any]:
    """What group offload is called with. On a GPU the next block is copied while one works, from pinned memory.

    `record_stream` lets the allocator reuse a block's memory in order, where the host would otherwise wait for the
    GPU after each block. Never to disk: LoRA weights cannot be loaded then (KeyError, measured).
    """
    has_streams = device.startswith("cuda")
    return {
        "onload_device": torch.device(device),
        "offload_device": torch.device(HOST),
        "offload_type": level,
        "num_blocks_per_group": 1 if level == "block_level" else None,
        "use_stream": has_streams,
        "record_stream": has_streams,
    }


def attach(module: torch.nn.Module, device: str, level: Level) -> None:
    """Keep `module` on the host and bring it to `device` piece by piece, in each forward.

    Blocks are found among a module's own children only, as the transformer has them. The text side's lie deeper, and
    would come as a single one: it goes by leaves at either level. The hooks are those of `enable_group_offload`, so
    diffusers' LoRA loader finds them. Raises what torch raises where memory cannot be pinned; `detach` cleans up then.
    """
    from diffusers.hooks import apply_group_offloading  # noqa: PLC0415 - seconds

    has_blocks = any(isinstance(child, torch.nn.ModuleList) for child in module.children())
    apply_group_offloading(module, **offload_arguments(device, level if has_blocks else "leaf_level"))


def detach(module: torch.nn.Module) -> None:
    """Take the hooks off. The weights stay where they are: on the host, unless a forward has raised (`gather`)."""
    for part in module.modules():
        registry = getattr(part, "_diffusers_hook", None)
        if registry is None:
            continue
        for name in _HOOKS:
            registry.remove_hook(name, recurse=False)
        if getattr(part.forward, "__func__", None) is type(part).forward:
            part.__dict__.pop("forward", None)  # diffusers leaves the class's own forward bound to the instance


def gather(module: torch.nn.Module) -> None:
    """Bring every group back to the host. A forward that raised has left its block on the device, and the next one."""
    groups = {id(hook.group): hook.group for part in module.modules() if (hook := _offload_hook(part)) is not None}
    for group in groups.values():
        group.offload_()


def is_attached(module: torch.nn.Module) -> bool:
    """Whether group offload is on."""
    return any(_offload_hook(part) is not None for part in module.modules())


def store_in_fp8(module: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Store a diffusers model's layers in float8_e4m3fn and compute in the dtype it has. Cannot be undone.

    What diffusers leaves as it is by default (norms, embeddings of positions, the first and the last projection)
    stays.
    """
    module.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=module.dtype)


def _offload_hook(module: torch.nn.Module) -> Any:  # noqa: ANN401 - diffusers has no types
    registry = getattr(module, "_diffusers_hook", None)
    return None if registry is None else registry.get_hook(_HOOKS[0])
