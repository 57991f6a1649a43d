"""Which files of a snapshot the worker reads.

Everything else in it (a second transformer, a diffusion decoder, single-file checkpoints) is neither looked for nor
opened.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.video_model.diffusers.weight_files import is_whole

COMPONENTS: Final = (
    "scheduler",
    "tokenizer",
    "text_encoder",
    "connectors",
    "transformer",
    "vae",
    "audio_vae",
    "vocoder",
)
"""What every checkpoint has, in the order of their use in a job."""

OPTIONAL: Final = ("processor", "duration_head", "latent_upsampler", "temporal_upsampler")
"""Used where a snapshot has them."""

ENHANCER: Final = "prompt_enhancer"
"""Only where it is asked for: 10 GB that nothing but the rewriting of prompts needs."""

_INDEX: Final = "model_index.json"
_ORDER: Final = (
    "scheduler",
    "tokenizer",
    "processor",
    "text_encoder",
    ENHANCER,
    "connectors",
    "duration_head",
    "transformer",
    "latent_upsampler",
    "temporal_upsampler",
    "vae",
    "audio_vae",
    "vocoder",
)
_UNDECLARED: Final = {
    "processor": ("transformers", "AutoProcessor"),
    "duration_head": ("ltx2", "LTX2DurationHead"),
    "latent_upsampler": ("ltx2", "LTX2LatentUpsamplerModel"),
    "temporal_upsampler": ("ltx2", "LTX2LatentUpsamplerModel"),
}
"""For these a folder is enough: no pipeline class saves the upsamplers, and not all of them the other two."""

_TOKENIZERS: Final = ("tokenizer.json", "tokenizer.model")
_PROCESSORS: Final = ("processor_config.json", "preprocessor_config.json")


@attrs.frozen(kw_only=True)
class Part:
    """One component as the snapshot declares it: `library` and `kind` name its class as `model_index.json` does."""

    name: str
    library: str
    kind: str
    folder: Path

    @property
    def weights(self) -> tuple[Path, ...]:
        """The files that its class reads its weights from, whether or not they are there."""
        if self._has_no_weights:
            return ()
        single, index = self._single_file, self._shard_index
        # With both, transformers takes the single file and diffusers the shards.
        if index.is_file() and not (self.library == "transformers" and single.is_file()):
            return tuple(self.folder / shard for shard in _shards(index) or ())
        return (single,)

    def missing(self) -> Iterator[str]:
        """The files that it needs and that are not there, relative to its folder."""
        if self.name == "scheduler":
            yield from self._without("scheduler_config.json")
        elif self._has_no_weights:
            yield from self._without("tokenizer_config.json")
            yield from self._without(*_TOKENIZERS)
            if self.name == "processor":
                yield from self._without(*_PROCESSORS)
        else:
            yield from self._without("config.json")
            if self.weights:
                yield from (file.name for file in self.weights if not file.is_file())
            else:
                yield self._shard_index.name

    @property
    def _has_no_weights(self) -> bool:
        return self.name in {"scheduler", "tokenizer", "processor"}

    @property
    def _single_file(self) -> Path:
        stem = "model" if self.library == "transformers" else "diffusion_pytorch_model"
        return self.folder / f"{stem}.safetensors"

    @property
    def _shard_index(self) -> Path:
        return self._single_file.with_suffix(".safetensors.index.json")

    def _without(self, *alternatives: str) -> Iterator[str]:
        if not any((self.folder / name).is_file() for name in alternatives):
            yield alternatives[0]


def parts(snapshot: Path, *, enhancer: bool) -> tuple[Part, ...]:
    """The components that the worker loads from `snapshot`, those that a job uses first first.

    `enhancer`: the prompt enhancer, too, if the snapshot has one. A null entry of `model_index.json` is no component,
    unless it has a folder.
    """
    declared = read_object(snapshot / _INDEX) or {}
    found = []
    for name in _ORDER:
        if name == ENHANCER and not enhancer:
            continue
        names = _class_names(declared.get(name), name, snapshot / name)
        if names is not None:
            found.append(Part(name=name, library=names[0], kind=names[1], folder=snapshot / name))
    return tuple(found)


def missing_files(snapshot: Path, *, enhancer: bool) -> tuple[str, ...]:
    """What a snapshot lacks, as paths relative to it, in a fixed order; empty: it is complete.

    An optional component that is there by half counts as missing files: what it is for would be lost silently. Every
    shard that an index names is looked for: an interrupted download leaves the index and half of them.
    """
    if read_object(snapshot / _INDEX) is None:
        return (_INDEX,)
    found = parts(snapshot, enhancer=enhancer)
    names = {part.name for part in found}
    undeclared = (f"{name} in {_INDEX}" for name in COMPONENTS if name not in names)
    return (*undeclared, *(f"{part.name}/{file}" for part in found for file in part.missing()))


def damaged_files(snapshot: Path, *, enhancer: bool) -> tuple[str, ...]:
    """The weight files of a complete snapshot that are cut off, or no safetensors files at all; relative to it."""
    weights = (file for part in parts(snapshot, enhancer=enhancer) for file in part.weights)
    return tuple(str(file.relative_to(snapshot)) for file in weights if not is_whole(file))


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None if it is not there or something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _class_names(declared: Any, name: str, folder: Path) -> tuple[str, str] | None:  # noqa: ANN401 - any JSON value
    match declared:
        case [str(library), str(kind)]:
            return library, kind
        case _ if name in _UNDECLARED and folder.is_dir():
            library, kind = _UNDECLARED[name]
            return library, _processor_class(folder) or kind if name == "processor" else kind
        case _:
            return None


def _processor_class(folder: Path) -> str | None:
    for name in _PROCESSORS:
        kind = (read_object(folder / name) or {}).get("processor_class")
        if isinstance(kind, str):
            return kind
    return None


def _shards(index: Path) -> tuple[str, ...] | None:
    """The files that an index names, without repetition; None if it is no index."""
    shards = (read_object(index) or {}).get("weight_map")
    return tuple(sorted({str(shard) for shard in shards.values()})) if isinstance(shards, dict) else None
