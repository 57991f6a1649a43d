"""Which memory policy a checkpoint runs under on this machine."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Final

from domain.activations import ModelDimensions
from domain.errors import Fault, OutOfMemory, SettingsInvalid
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.memory import POLICIES, MemoryBudget, MemoryPolicy, cast_to_fp8, host_weights

TYPICAL: Final = ClipGeometry(Resolution(768, 512), 121, FrameRate(Fraction(24)))
"""The makers' own default size and length; a policy is chosen to have room for it."""

_ROWS: Final = 2
"""Classifier-free guidance, which every dev recipe uses."""
_GIB: Final = 1 << 30


def choose_policy(
    weights: Mapping[str, int],
    *,
    device_bytes: int | None,
    host_bytes: int | None,
    dimensions: ModelDimensions,
    forced: MemoryPolicy | None = None,
    possible: Collection[MemoryPolicy] = POLICIES,
) -> MemoryPolicy:
    """The fastest policy under which a typical clip fits, or the forced one.

    Args:
        weights: bytes of each component that will be loaded, in the dtype that is computed in.
        device_bytes: free on the GPU; None where the model runs on the CPU, which holds all that the host can.
        host_bytes: free on the host; None if unknown, which is taken as enough.
        dimensions: of the transformer.
        forced: MEMORY_POLICY.
        possible: the policies that go with the other settings, for the choice; a forced one is not compared with it.

    Raises:
        SettingsInvalid: the forced policy cannot work here; the fault says what is missing.
        OutOfMemory: no policy fits; the message says how much each of the two memories lacks.
    """
    if device_bytes is None:
        return forced or "resident"
    lacks = {policy: _lacking(weights, policy, device_bytes, host_bytes, dimensions) for policy in POLICIES}
    if forced is not None:
        if (lack := lacks[forced]) is not None:
            fault = Fault("MEMORY_POLICY", f'is "{forced}", but {lack}: leave it empty, or choose a larger machine')
            raise SettingsInvalid(str(fault), faults=(fault,))
        return forced
    policies = [policy for policy in POLICIES if policy in possible]
    for policy in policies:
        if lacks[policy] is None:
            return policy
    message = f"The model does not fit under any memory policy; under {policies[-1]} {lacks[policies[-1]]}"
    raise OutOfMemory(message)


def typical_need(budget: MemoryBudget) -> int:
    """Bytes of the device that a typical clip needs under the budget's policy.

    Whole decodes only: a policy that needs tiles for a typical clip is no faster than the next one without.
    Under the leanest one tiles are what is left.
    """
    return budget.needed(TYPICAL, budget.policy, rows=_ROWS, tiled=budget.policy == POLICIES[-1])


def _lacking(
    weights: Mapping[str, int],
    policy: MemoryPolicy,
    device_bytes: int,
    host_bytes: int | None,
    dimensions: ModelDimensions,
) -> str | None:
    """Why a typical clip cannot be made under `policy`; None: it can."""
    stored = cast_to_fp8(weights, dimensions.value_bytes) if policy == "fp8" else weights
    host = host_weights(stored, policy)
    if host_bytes is not None and host > host_bytes:
        return f"the host has {_gib(host_bytes)} free and needs {_gib(host)} for the weights that it keeps"
    budget = MemoryBudget(
        device_bytes=device_bytes, host_bytes=host_bytes, weights=weights, policy=policy, dimensions=dimensions
    )
    needed = typical_need(budget)
    if needed > device_bytes:
        return f"the GPU has {_gib(device_bytes)} free and needs {_gib(needed)} with a clip of {TYPICAL.resolution}"
    return None


def _gib(amount: int) -> str:
    return f"{amount / _GIB:.1f} GiB"
