"""diffusers' attention backends: which kernel computes attention, chosen for one job at a time."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import torch
from diffusers.models.attention_dispatch import (
    AttentionBackendName,
    _AttentionBackendRegistry,
    attention_backend,
)

from adapters.video_model.diffusers.acceleration.refusal import refusal
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.failures import translated
from domain.errors import SettingsInvalid

_VARIABLE: Final = "ATTENTION_BACKEND"
_REFUSED: Final = {
    "flex": "which computes the whole score matrix unless it is compiled: gigabytes for each layer of a real clip",
}
_HUB: Final = "which fetches its code from the Hub at start, and takes no mask as LTX-2 passes it"
_TOLERANCE: Final = 0.1
"""Relative error against the native backend. bfloat16 is off by 0.01; a mask that is ignored, by 1."""
_QUERIES: Final = 24
_KEYS: Final = 128
_HEADS: Final = 2
_WHAT_BACKENDS_RAISE: Final = (RuntimeError, ValueError, TypeError, AssertionError)
"""A missing package, a mask or a shape that is not taken, a kernel that is not there for the device."""

_Case = tuple[Any, torch.Tensor, torch.Tensor | None, torch.Tensor | None]
"""An attention module, its input, what it attends to (None: itself), the additive mask over that."""


def attention(name: str | None) -> AbstractContextManager[None]:
    """Compute attention by the backend `name` inside, None: by diffusers' native one.

    diffusers keeps the choice in one variable of the process, which the processors of LTX-2 ask at every call. It
    is set back at the end, also after a failure. (`set_attention_backend` sets it for good, and with it every
    later pipeline of the process.) Naming the native one too keeps out what somebody else has set.
    """
    return attention_backend(name or AttentionBackendName.NATIVE.value)  # type: ignore[no-any-return]  # diffusers has no types


def check_attention(name: str | None, components: Components, device: str) -> None:
    """Run small attentions of the checkpoint's kinds by `name` on `device`, and compare them with the native ones.

    They go through the transformer's and the connectors' own processors, with their head widths, without a mask
    and with the additive one that text is attended with.

    Raises:
        SettingsInvalid: the backend is unknown, cannot run here, is not the one that is called, or differs.
        OutOfMemory, GpuFailed: as anywhere on the device.
    """
    if name is None:
        return
    cases = _cases(components, device)
    try:
        _require_same(name, cases)
    except SettingsInvalid as exc:
        backends = sorted(backend.value for backend in _AttentionBackendRegistry.list_backends())
        usable = [other for other in backends if _is_usable(other, cases)]
        (fault,) = exc.faults
        raise refusal(_VARIABLE, f"{fault.message}; usable here: {', '.join(usable)}") from exc.__cause__


def _is_usable(name: str, cases: list[_Case]) -> bool:
    try:
        _require_same(name, cases)
    except SettingsInvalid:
        return False
    return True


def _require_same(name: str, cases: list[_Case]) -> None:
    known = {backend.value for backend in _AttentionBackendRegistry.list_backends()}
    if name not in known:
        raise refusal(_VARIABLE, f'is "{name}", which is no attention backend of diffusers')
    reason = _REFUSED.get(name, _HUB if name.endswith("_hub") else None)
    if reason is not None:
        raise refusal(_VARIABLE, f'is "{name}", {reason}')
    for case in cases:
        expected = _computed(AttentionBackendName.NATIVE.value, case)
        try:
            with _calls(name) as count:
                result = _computed(name, case)
        except _WHAT_BACKENDS_RAISE as exc:
            kind = "attention" if case[3] is None else "attention with a mask"
            message = f'is "{name}", which is not installed or cannot compute LTX-2\'s {kind} on this device'
            raise refusal(_VARIABLE, message) from exc
        if count() != 1:
            raise refusal(_VARIABLE, f'is "{name}", which the checkpoint\'s attention does not call')
        error = float((result - expected).norm() / expected.norm())
        if not error <= _TOLERANCE:  # also for NaN
            raise refusal(_VARIABLE, f'is "{name}", whose result is off by {error:.0%} from the native one')


def _computed(name: str, case: _Case) -> torch.Tensor:
    module, hidden, context, mask = case
    with attention(name), translated(), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kernels that are not there are reported one by one before the error
        result: torch.Tensor = module(hidden, encoder_hidden_states=context, attention_mask=mask)
        return result.float().cpu()


@contextmanager
def _calls(name: str) -> Iterator[Any]:
    """Count the calls of a backend, as a function that tells their number."""
    backend, count = AttentionBackendName(name), 0
    function = _AttentionBackendRegistry._backends[backend]  # noqa: SLF001 - nothing else tells who was called

    def counted(**arguments: object) -> object:
        nonlocal count
        count += 1
        return function(**arguments)

    _AttentionBackendRegistry._backends[backend] = counted  # noqa: SLF001
    try:
        yield lambda: count
    finally:
        _AttentionBackendRegistry._backends[backend] = function  # noqa: SLF001


def _cases(components: Components, device: str) -> list[_Case]:
    """One case with a mask and one without for each kind of attention that the checkpoint has."""
    dtype = components.by_name["transformer"].dtype
    kinds: dict[tuple[type, int], Any] = {}
    for name in ("transformer", "connectors"):
        for module in components.by_name[name].modules():
            if hasattr(module, "processor") and hasattr(module, "head_dim"):
                kinds.setdefault((type(module.processor), module.head_dim), module)
    generator = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(device, dtype)

    cases: list[_Case] = []
    for module in kinds.values():
        small = _small(module).to(device, dtype)
        width = _HEADS * module.head_dim
        mask = torch.zeros(1, 1, _KEYS, device=device, dtype=dtype)
        mask[..., _KEYS // 2 :] = -10_000.0  # what the transformer makes of a text mask
        cases.append((small, noise(1, _QUERIES, width), None, None))
        cases.append((small, noise(1, _QUERIES, width), noise(1, _KEYS, width), mask))
    return cases


def _small(module: Any) -> Any:  # noqa: ANN401 - diffusers has no types
    """An attention of the kind of `module`, with its head width and its own processor, two heads wide."""
    width = _HEADS * module.head_dim
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return type(module)(
            query_dim=width, heads=_HEADS, kv_heads=_HEADS, dim_head=module.head_dim, processor=module.processor
        )
