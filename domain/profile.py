"""What a loaded checkpoint is and has, as far as planning and the reply need it."""

import attrs

from domain.families import Family
from domain.grid import Grid
from domain.memory import MemoryBudget


@attrs.frozen(kw_only=True)
class ModelIdentity:
    """Which checkpoint made a clip. `family` is the family's name."""

    name: str
    revision: str
    family: str


@attrs.frozen(kw_only=True)
class Checkpoint:
    """What a snapshot's own configuration says of it."""

    family: Family
    is_distilled: bool
    """Whether the transformer was distilled to run eight fixed sigmas without guidance."""
    transformer_layers: int = 48
    """Blocks of the transformer. A tiny checkpoint has two: an STG block beyond the last is ignored silently."""
    has_perturbed_attention: bool = True
    """Without it a pass of spatio-temporal guidance costs a full forward and changes nothing."""
    has_upsampler: bool = False
    """Whether a latent upsampler (x2 in space) lies beside the pipeline's components."""
    has_temporal_upsampler: bool = False
    """Whether a latent upsampler (x2 in time) lies there, too."""
    distilled_lora_bytes: int | None = None
    """Size of the LoRA that makes a dev transformer a distilled one; None: the snapshot has none at its root."""
    has_duration_head: bool = False
    """Whether the checkpoint can tell from a prompt how long its clip should be."""
    can_enhance: bool = False
    """Whether the parts that rewrite a prompt are loaded."""


@attrs.frozen(kw_only=True)
class ModelProfile:
    """The loaded checkpoint on its device."""

    name: str
    revision: str
    checkpoint: Checkpoint
    device: str
    """The GPU's model, or "cpu"."""
    grid: Grid = Grid()
    memory: MemoryBudget | None = None
    """What the device has room for; None: it is not asked (the CPU)."""

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(name=self.name, revision=self.revision, family=self.checkpoint.family.name)

    @property
    def has_gpu(self) -> bool:
        return self.device != "cpu"
