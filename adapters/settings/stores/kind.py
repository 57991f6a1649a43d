"""What the settings have to know of a store."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from adapters.object_store.config import Backend, StoreConfig
from adapters.settings.variable import rows_of
from domain.errors import Fault

Rule = Callable[[Mapping[str, str], bool], Iterator[Fault]]
"""(the texts that are set, whether on RunPod) to faults that no single variable has."""


def _no_rule(_: Mapping[str, str], __: bool) -> Iterator[Fault]:  # noqa: FBT001 - a Rule's signature
    return iter(())


@attrs.frozen(kw_only=True)
class StoreKind:
    """A value of STORAGE_BACKEND."""

    backend: Backend
    variables: type[Any]
    """Declares the store's variables; no name is another store's."""
    config: Callable[[Any], StoreConfig]
    """Makes the adapter's config of the variables. Is only called if none is wrong and none is missing."""
    readers: Mapping[Any, Callable[[str], object]] = attrs.field(factory=dict)
    """How the texts of types are read that only this store's variables have."""
    required: tuple[tuple[str, ...], ...] = ()
    """Variables of which at least one in each group must be set."""
    rule: Rule = _no_rule

    def faults(self, texts: Mapping[str, str], *, on_runpod: bool) -> Iterator[Fault]:
        """What is missing, or does not go together, in the texts that are set."""
        rows = rows_of(self.variables)
        for first, *others in self.required:
            if first in texts or not texts.keys().isdisjoint(others):
                continue
            instead = f"(or {', '.join(others)}) " if others else ""
            accepted = rows[first].accepted.replace("`", "")
            yield Fault(first, f"{instead}is required for STORAGE_BACKEND={self.backend}: {accepted}")
        yield from self.rule(texts, on_runpod)
