"""The text side on tiny checkpoints: components, a residency that takes notes, and a count of forwards."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
from typing_extensions import override

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.still_image_processor import StillImageProcessor
from adapters.video_model.diffusers.text.residency import Residency
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from adapters.video_model.tiny.processor import save_gemma4_processor


def tiny_components(name: str, folder: Path) -> Components:
    """Every component of the built-in checkpoint `name`, its processor included; `folder` may be written to."""
    parts = dict(build_pipeline(CHECKPOINTS[name]).components)
    if parts["processor"] is None:
        save_gemma4_processor(folder)
        parts["processor"] = StillImageProcessor.from_pretrained(folder)
    return Components(parts)


class RecordingResidency(Residency):
    """Brings nothing anywhere, and keeps a record of who asked for what; `in_use` names what is there now."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.in_use: Counter[str] = Counter()

    @override
    @contextmanager
    def using(self, *names: str) -> Iterator[None]:
        self.asked.append(names)
        self.in_use.update(names)
        try:
            yield
        finally:
            self.in_use.subtract(names)


@attrs.frozen
class Forwards:
    """Counts the forwards of the components since `watched`; one outside `residency.using` fails the test."""

    counts: Counter[str]

    @classmethod
    @contextmanager
    def watched(cls, components: Components, residency: RecordingResidency) -> Iterator["Forwards"]:
        forwards = cls(Counter())
        hooks = [
            module.register_forward_pre_hook(forwards._noting(name, residency))
            for name, module in components.modules.items()
            if name in {"text_encoder", "connectors", "duration_head", "prompt_enhancer"}
        ]
        try:
            yield forwards
        finally:
            for hook in hooks:
                hook.remove()

    def _noting(self, name: str, residency: RecordingResidency) -> Callable[..., None]:
        def note(*_: object) -> None:
            assert residency.in_use[name], f"{name} ran while it need not be on the device"
            self.counts[name] += 1

        return note
