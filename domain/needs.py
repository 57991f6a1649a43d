"""What a checkpoint may lack of what a request asks for."""

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from domain.profile import Checkpoint


@attrs.frozen
class Need:
    """A condition on a checkpoint. `name` says it in a message: "needs a latent upsampler"."""

    name: str
    is_met: Callable[[Checkpoint], bool]


UPSAMPLER: Final = Need("a latent upsampler", lambda checkpoint: checkpoint.has_upsampler)
DISTILLED_LORA: Final = Need("the distilled LoRA", lambda checkpoint: checkpoint.distilled_lora_bytes is not None)
DURATION_HEAD: Final = Need("a duration head", lambda checkpoint: checkpoint.has_duration_head)
ENHANCER: Final = Need("a loaded prompt enhancer", lambda checkpoint: checkpoint.can_enhance)


def lacking(checkpoint: Checkpoint, needs: Iterable[Need]) -> tuple[str, ...]:
    """The names of those `needs` that `checkpoint` does not meet."""
    return tuple(need.name for need in needs if not need.is_met(checkpoint))
