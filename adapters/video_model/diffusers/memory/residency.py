"""Where the weights are, at each moment of the worker's life."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.hooks import Level, attach, detach, gather, store_in_fp8
from adapters.video_model.diffusers.memory.letting_go import let_go
from adapters.video_model.diffusers.memory.visits import HOST, Transfer, Visit, move, transfer
from domain.errors import GpuFailed
from domain.memory import SLICED, MemoryPolicy, keeps_on_host, leaner_than, stays

_LEVELS: Final[Mapping[MemoryPolicy, Level]] = {"group_offload": "block_level", "leaf_offload": "leaf_level"}


class Residency:
    """Keeps the weights of shared components where a memory policy wants them.

    `settle` once after loading; then everything that computes with components does so inside `using`. One job at a
    time: nothing here is locked. `device` is where components compute, "cpu" or "cuda[:n]"; an offloaded component's
    own `device` may say "cpu".

    `by` copies a tensor to a device; tests watch the moves through it, also where host and device are both the CPU.
    """

    def __init__(self, components: Components, policy: MemoryPolicy, device: str, *, by: Transfer = transfer) -> None:
        self._modules: Final = components.modules
        self._policy = policy
        self._device: Final = device
        self._by: Final = by
        self._visits: Final[dict[str, Visit]] = {}
        self._users: Final[Counter[str]] = Counter()

    @property
    def policy(self) -> MemoryPolicy:
        """The policy in force: the one given, or the one that the present job was lowered to."""
        return self._policy

    @property
    def device(self) -> str:
        return self._device

    def settle(self) -> None:
        """Bring every component to where the policy keeps it; under fp8 the transformer is cast first.

        To be called once. Raises what torch raises, such as torch.OutOfMemoryError.
        """
        if self._policy == "fp8":
            store_in_fp8(self._modules["transformer"])
        self._enter(self._policy)

    @contextmanager
    def using(self, *names: str) -> Iterator[None]:
        """Inside, the named components compute on `device`. A name that the checkpoint lacks is ignored.

        May be nested; what the outer block uses does not move in between. Afterwards, also after a failure,
        everything is where the policy keeps it.

        Raises:
            GpuFailed: a component could not be brought back. No later job could run.
        """
        wanted = Counter(name for name in names if name in self._modules)
        self._users.update(wanted)
        try:
            self._arrange()
            yield
        except BaseException as exc:
            self._clear_up(exc)
            raise
        finally:
            self._users.subtract(wanted)
            with _brought_back():
                self._arrange()

    @contextmanager
    def lowered(self, policy: MemoryPolicy) -> Iterator["Residency"]:
        """Hold the weights under a leaner policy inside, for one job, and as before afterwards.

        Args:
            policy: one of `leaner_than(self.policy)`; never fp8, which cannot be undone. Weights in fp8 stay so.

        Raises:
            GpuFailed: the former policy could not be restored. No later job could run.
            ValueError: no such transition, or a component is in use.
        """
        former = self._policy
        if policy not in leaner_than(former) or self._users.total():
            message = f"The weights cannot go from {former} to {policy} now"
            raise ValueError(message)
        try:
            self._leave()
            self._enter(policy)
            yield self
        except BaseException as exc:
            self._clear_up(exc)
            raise
        finally:
            with _brought_back():
                self._leave()
                self._enter(former)

    def _enter(self, policy: MemoryPolicy) -> None:
        self._policy = policy
        for name, module in self._modules.items():
            move(module, HOST if keeps_on_host(policy, name) else self._device, self._by)
            if policy in _LEVELS and name in SLICED:
                attach(module, self._device, _LEVELS[policy])
        self._arrange()

    def _leave(self) -> None:
        for name in list(self._visits):
            self._visits.pop(name).end()
        for module in self._modules.values():
            detach(module)

    def _arrange(self) -> None:
        """Send home who is not needed, then bring who is."""
        users = +self._users
        needed = [name for name in self._modules if self._visits_for(name, users)]
        for name in [name for name in self._visits if name not in needed]:
            self._visits.pop(name).end()
        for name in needed:
            if name not in self._visits:
                self._visits[name] = Visit(self._modules[name], self._by)
                self._visits[name].begin(self._device)

    def _visits_for(self, name: str, users: Counter[str]) -> bool:
        """Whether a component whose home is the host has to be on the device for `users`."""
        if not keeps_on_host(self._policy, name) or (self._policy in _LEVELS and name in SLICED):
            return False
        return name in users or stays(self._policy, name, users)

    def _clear_up(self, exc: BaseException) -> None:
        """After a failure: free what its frames hold on the device, then what it left there."""
        if self._policy == "resident":
            return
        let_go(exc)
        with _brought_back():
            for module in self._modules.values():
                gather(module)


@contextmanager
def _brought_back() -> Iterator[None]:
    try:
        yield
    except RuntimeError as exc:  # torch's errors of allocation and of the device are all of this kind
        message = "The weights could not be brought back to their place; this worker will be replaced"
        raise GpuFailed(message) from exc
