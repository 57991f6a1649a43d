"""The parts of a loaded checkpoint."""

from collections.abc import Mapping
from typing import Any

import attrs
import torch


@attrs.frozen(eq=False)
class Components:
    """Every component of a loaded checkpoint by name. They are shared by all pipelines and never copied."""

    by_name: Mapping[str, Any]

    @property
    def modules(self) -> dict[str, torch.nn.Module]:
        """The components that have weights."""
        return {name: part for name, part in self.by_name.items() if isinstance(part, torch.nn.Module)}
