"""What a request can ask for and what a checkpoint needs for it: one row each.

`plan` refuses by this table and `offers` lists it, so that the two cannot differ. A condition on the family is a need
like any other.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Literal

import attrs

from domain.errors import Fault, InvalidInput
from domain.needs import DURATION_HEAD, ENHANCER, Need, lacking
from domain.profile import Checkpoint
from domain.recipes import DEFAULT_PRESET, PRESETS, Preset, preset_needs, refinement_needs
from domain.requests import GenerationRequest, ImageToVideo, KeyframesToVideo, TextToVideo
from domain.source_requests import AudioToVideo, ExtendVideo, RetakeVideo, VideoToVideo

CapabilityKind = Literal["mode", "preset", "field"]


@attrs.frozen(kw_only=True)
class Capability:
    """One row. `path` is the request's field that a refusal is about, `instead` what to ask for then."""

    kind: CapabilityKind
    name: str
    """Of modes and presets their value; of fields the field, with its value where others need nothing."""
    path: str
    subject: str
    """What a refusal's message begins with: the value, unless any value is meant."""
    is_asked: Callable[[GenerationRequest], bool]
    needs: Callable[[Checkpoint], tuple[Need, ...]]
    instead: str | None = None
    """None: the others of its kind that are available."""

    def lacks(self, checkpoint: Checkpoint) -> tuple[str, ...]:
        """What `checkpoint` lacks for it; empty: it is available."""
        return lacking(checkpoint, self.needs(checkpoint))


def _mode(request: type[GenerationRequest], *needs: Need) -> Capability:
    return Capability(
        kind="mode",
        name=request.mode,
        path="mode",
        subject=f'"{request.mode}" ',
        is_asked=lambda asked: asked.mode == request.mode,
        needs=lambda _: needs,
    )


def _preset(name: Preset) -> Capability:
    return Capability(
        kind="preset",
        name=name,
        path="preset",
        subject=f'"{name}" ',
        is_asked=lambda asked: (asked.preset or DEFAULT_PRESET) == name,
        needs=partial(preset_needs, preset=name),
    )


def _field(
    name: str, is_asked: Callable[[GenerationRequest], bool], *needs: Need, instead: str | None = None
) -> Capability:
    path, _, value = name.partition(": ")
    return Capability(
        kind="field",
        name=name,
        path=path,
        subject=f"{value} " if value else "",
        is_asked=is_asked,
        needs=lambda _: needs,
        instead=instead,
    )


CAPABILITIES: Final = (
    _mode(TextToVideo),
    _mode(ImageToVideo),
    _mode(KeyframesToVideo),
    _mode(VideoToVideo),
    _mode(ExtendVideo),
    _mode(RetakeVideo),
    _mode(AudioToVideo),
    *(_preset(name) for name in PRESETS),
    _field("enhance_prompt", lambda asked: asked.enhance_prompt, ENHANCER, instead="false takes the prompt as given"),
    _field(
        "num_frames: null",
        lambda asked: asked.num_frames is None and asked.source is None,
        DURATION_HEAD,
        instead="give a number, or seconds",
    ),
    attrs.evolve(
        _field("upscale", lambda asked: asked.upscale is not None, instead="null leaves it as large as asked"),
        needs=refinement_needs,
    ),
    _field("loras", lambda asked: bool(asked.loras)),
)


def refuse_impossible(request: GenerationRequest, checkpoint: Checkpoint) -> None:
    """Return if `checkpoint` has all that `request` needs.

    Raises:
        InvalidInput: a fault for each row that it asks for in vain, with what is missing and what to ask for instead.
    """
    faults = tuple(
        Fault(row.path, _refusal(row, lacks, checkpoint))
        for row in CAPABILITIES
        if row.is_asked(request) and (lacks := row.lacks(checkpoint))
    )
    if faults:
        raise InvalidInput(faults)


def _refusal(row: Capability, lacks: tuple[str, ...], checkpoint: Checkpoint) -> str:
    missing, instead = " and ".join(lacks), row.instead or _available(row, checkpoint)
    return f"{row.subject}needs {missing}, which this checkpoint lacks; {instead}"


def _available(row: Capability, checkpoint: Checkpoint) -> str:
    others = (f'"{other.name}"' for other in CAPABILITIES if other.kind == row.kind and not other.lacks(checkpoint))
    return f"available: {', '.join(others)}"
