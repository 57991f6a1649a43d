"""Keeps adapters in the transformer from job to job, and switches them on for one stage of one job."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.lora.adapted import AdaptedModel
from adapters.video_model.diffusers.lora.faults import failure
from adapters.video_model.diffusers.lora.layers import Component, layers_of
from adapters.video_model.diffusers.lora.weights import Weights, read_weights
from domain.errors import InputUnreadable

MAX_KEPT: Final = 8
"""Adapters that stay in the transformer, switched off. Two requests' worth."""
MAX_KEPT_BYTES: Final = 4 << 30
"""What they may take of the memory beside the transformer, about a tenth of it in bfloat16."""

LoraPairs = Sequence[tuple[Path, float]]
"""Files and what their effects are multiplied by."""


@attrs.frozen
class _Kept:
    """`components`: those in which the adapter is."""

    components: tuple[Component, ...]
    nbytes: int


class LoraShelf:
    """The adapters of one set of components. One job at a time: the caller has the device's turn.

    `max_count` and `max_bytes` bound what stays while no job uses it; one job may need more, and the rest is taken
    out when it ends. The least recently used go first. A file that has changed on the disk is another adapter.
    """

    def __init__(self, components: Components, *, max_count: int = MAX_KEPT, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._models: dict[Component, AdaptedModel] = {
            "transformer": AdaptedModel(components.by_name["transformer"]),
            "connectors": AdaptedModel(components.by_name["connectors"]),
        }
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._active: dict[str, float] = {}
        self._in_use: list[frozenset[str]] = []

    @property
    def held_bytes(self) -> int:
        """Bytes of all adapters that are in the components, on the device or wherever these are."""
        return sum(kept.nbytes for kept in self._kept.values())

    @property
    def held(self) -> int:
        """How many adapters are in the components."""
        return len(self._kept)

    @contextmanager
    def applied(self, pairs: LoraPairs) -> Iterator[None]:
        """Inside, exactly these adapters are active; afterwards those that were before, outside of all none.

        Their order does not matter; a file that is named twice has the sum of its scales, and one at scale 0 is
        not even loaded. New weights are put where the component's are at this moment, and move with them.

        Raises:
            InputUnreadable: a file is damaged, is no LoRA, or was made for another model.
            OutOfMemory: there is no room for one.
            GpuFailed: the device is lost.
        """
        wanted = _by_name(pairs)
        before = self._active
        self._in_use.append(frozenset(wanted))
        try:
            with translated():
                for name, (path, _) in wanted.items():
                    self._have(name, path)
            self._activate({name: scale for name, (_, scale) in wanted.items()})
            yield
        finally:
            self._in_use.pop()
            self._activate(before)
            self._trim(self._max_count, self._max_bytes)

    def touches_connectors(self, path: Path) -> bool:
        """Whether the adapter changes what a prompt is encoded to. Raises InputUnreadable."""
        return any(layer.component == "connectors" for layer in layers_of(path, path.name))

    def text_key(self, pairs: LoraPairs) -> str:
        """What of `pairs` an encoded prompt depends on: part of its cache's key. "" is no adapter at all."""
        names = [
            f"{name}*{scale!r}"
            for name, (path, scale) in sorted(_by_name(pairs).items())
            if self.touches_connectors(path)
        ]
        return "+".join(names)

    def clear(self) -> None:
        """Take every adapter out that is not in use, to have their memory."""
        self._trim(0, 0)

    def _have(self, name: str, path: Path) -> None:
        if name in self._kept:
            self._kept.move_to_end(name)
            return
        weights = read_weights(path, path.name)
        for component, layers in weights.items():
            self._models[component].check(layers, path.name)
        nbytes = self._size(weights)
        self._trim(self._max_count - 1, self._max_bytes - nbytes)
        self._put_in(name, weights)
        self._kept[name] = _Kept(components=tuple(weights), nbytes=nbytes)

    def _put_in(self, name: str, weights: Weights) -> None:
        """All components or none."""
        begun: list[AdaptedModel] = []
        try:
            for component, layers in weights.items():
                self._models[component].add(name, layers)
                begun.append(self._models[component])
        except BaseException:
            for model in begun:
                model.remove(name)
            raise

    def _activate(self, scales: Mapping[str, float]) -> None:
        self._active = dict(scales)
        for model in self._models.values():
            model.activate(scales)

    def _trim(self, count: int, nbytes: int) -> None:
        """Take out the longest unused until at most `count` of at most `nbytes` in all are left, if it can be."""
        for name in list(self._kept):
            if len(self._kept) <= count and self.held_bytes <= nbytes:
                return
            if not any(name in used for used in self._in_use):
                for component in self._kept.pop(name).components:
                    self._models[component].remove(name)

    def _size(self, weights: Weights) -> int:
        return sum(
            self._models[component].model.dtype.itemsize
            * sum(layer.down.numel() + layer.up.numel() for layer in layers.values())
            for component, layers in weights.items()
        )


def _by_name(pairs: LoraPairs) -> dict[str, tuple[Path, float]]:
    """The files that have an effect, by a name that follows from path and state of the file."""
    found: dict[str, tuple[Path, float]] = {}
    for path, scale in pairs:
        name = _name(path)
        found[name] = (path, scale + (found[name][1] if name in found else 0.0))
    return {name: (path, scale) for name, (path, scale) in sorted(found.items()) if scale != 0}


def _name(path: Path) -> str:
    try:
        state = path.stat()
    except OSError as exc:
        raise failure(InputUnreadable, path.name, "is not there any more") from exc
    marks = f"{path.resolve()}\0{state.st_mtime_ns}\0{state.st_size}"
    return "file_" + hashlib.sha256(marks.encode("utf-8", "surrogateescape")).hexdigest()[:16]
