"""Finds the file of an adapter that a request names: below the LoRA folder, or in a Hub repository."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import attrs

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.lora.faults import failure
from adapters.video_model.diffusers.lora.hub import HubLoras
from adapters.video_model.diffusers.lora.layers import layers_of
from domain.errors import InputRefused, ModelUnavailable
from domain.lora import Lora

MAX_FILE_BYTES: Final = 4 << 30
"""Of an adapter that a request may name. The makers' control adapters have up to 0.7 GB; the distilled ones of
rank 384 have 7.7 GB and are the recipes' own."""

_GIB: Final = 1 << 30


@attrs.frozen(kw_only=True)
class LoraLibrary:
    """Where a worker's adapters come from. `hub_endpoint` None: the Hub that HF_ENDPOINT names."""

    config: ModelConfig
    hub_endpoint: str | None = None
    max_bytes: int = MAX_FILE_BYTES

    def pairs(self, loras: Sequence[Lora]) -> tuple[tuple[Path, float], ...]:
        """The file and the scale of each adapter of a request. Raises what `locate` raises."""
        return tuple((self.locate(lora, f"loras[{index}]"), lora.scale.scale) for index, lora in enumerate(loras))

    def locate(self, lora: Lora, where: str) -> Path:
        """The adapter's file, downloaded if need be; its header is that of an adapter.

        `where` begins the messages and is the fault's path. Nothing outside of the LoRA folder and of the
        repository's cache is opened.

        Raises:
            InputRefused: the path leads out of its folder, the file is too large, or files are not taken here.
            ModelUnavailable: there is no such file, or it could not be downloaded.
            InputUnreadable: the file is none of a LoRA for LTX-2.
            InvalidInput: the repository holds several files, or none, and none was named.
        """
        if lora.source.is_file:
            path = self._below_folder(lora.source.name, where)
        else:
            path = HubLoras(self.config, self.hub_endpoint, self.max_bytes).locate(lora, where)
        size = path.stat().st_size
        if size > self.max_bytes:
            message = f"has {size / _GIB:.1f} GiB, at most {self.max_bytes / _GIB:g} GiB are taken"
            raise failure(InputRefused, where, message)
        layers_of(path, where)
        return path

    def _below_folder(self, name: str, where: str) -> Path:
        folder = self.config.lora_dir
        if folder is None:
            message = "this worker takes no LoRA files (LORA_DIR is not set), only Hub names"
            raise failure(InputRefused, where, message)
        return file_below(folder, name, where, "LORA_DIR")


def file_below(folder: Path, name: str, where: str, called: str) -> Path:
    """The real path of the file `name` below `folder`, which messages call `called`.

    Raises InputRefused if it is, or links to, something outside; ModelUnavailable if there is no such file.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        message = f"must be a path below {called}, without '..'"
        raise failure(InputRefused, where, message)
    try:
        root = folder.expanduser().resolve(strict=True)
        path = (root / relative).resolve(strict=True)
    except (OSError, RuntimeError) as exc:  # RuntimeError: links in a circle, before Python 3.13
        raise _no_file(name, where, called) from exc
    if not path.is_relative_to(root):
        message = f"leads out of {called}"
        raise failure(InputRefused, where, message)
    if not path.is_file():
        raise _no_file(name, where, called)
    return path


def _no_file(name: str, where: str, called: str) -> ModelUnavailable:
    return failure(ModelUnavailable, where, f"no file {name} below {called}")
