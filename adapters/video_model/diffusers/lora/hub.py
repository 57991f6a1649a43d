"""Adapters in Hub repositories: in the cache, or downloaded where that is allowed; one file at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import attrs
import structlog

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.location import RUNPOD_HUB_CACHE
from adapters.video_model.diffusers.lora.faults import failure
from adapters.video_model.library_output import hand_lines_on
from adapters.video_model.snapshot import RepositoryCache
from domain.errors import Fault, InputRefused, InvalidInput, ModelUnavailable
from domain.lora import Lora

_NAMED: Final = 5
"""Files that a message names before it only counts."""
_GIB: Final = 1 << 30
_SUFFIX: Final = ".safetensors"

_log = structlog.get_logger()


@attrs.frozen
class HubLoras:
    """Looks into the caches first. `endpoint` None: the Hub that HF_ENDPOINT names."""

    config: ModelConfig
    endpoint: str | None
    max_bytes: int

    def locate(self, lora: Lora, where: str) -> Path:
        """The file of `lora`, whose source is a Hub name. Raises what `LoraLibrary.locate` raises.

        A repository that is in a cache already stays at its commit: fetching `main` again would let the cache
        name a revision of which only the adapter is there, and the model's snapshot would no longer be found.
        """
        name = lora.source.name
        caches = [RepositoryCache.of(cache, name) for cache in (self.config.hub_cache, RUNPOD_HUB_CACHE)]
        commit = next((found.revision for cache in caches if (found := cache.resolve("main")) is not None), None)
        cached = {} if commit is None else dict(_cached(caches, commit))
        asked = _checked(lora, where)
        if asked is not None and asked in cached:
            return cached[asked]
        if not self.config.lora_download:
            if not cached or asked is not None:
                file = f"{asked} of " if cached else ""
                message = f"{file}{name} is not in the Hub cache and LORA_DOWNLOAD is false"
                raise failure(ModelUnavailable, where, message)
            return cached[_chosen(lora, asked, list(cached), where)]
        return self._from_hub(lora, asked, commit, cached, where)

    def _from_hub(
        self, lora: Lora, asked: str | None, commit: str | None, cached: Mapping[str, Path], where: str
    ) -> Path:
        """The file as the Hub has it at `commit` (None: `main`), from the cache if it is there.

        Without a `weight_name` the Hub's list decides, also where one file is cached: another worker may have cached
        another one, and one request must not mean two adapters.
        """
        from huggingface_hub import HfApi, hf_hub_download  # noqa: PLC0415 - half a second, only for a download

        hand_lines_on()
        name = lora.source.name
        token = self.config.token.reveal() if self.config.token else False  # False: not the one of a login here
        with _told(name, where):
            hub = HfApi(endpoint=self.endpoint, token=token)
            about = hub.model_info(name, revision=commit, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
        file = _chosen(lora, asked, [path for path in sizes if path.endswith(_SUFFIX)], where)
        if file in cached:
            return cached[file]
        if sizes[file] > self.max_bytes:
            message = f"has {sizes[file] / _GIB:.1f} GiB, at most {self.max_bytes / _GIB:g} GiB are taken"
            raise failure(InputRefused, where, message)
        _log.warning("LoRA is not in the Hub cache, will download", source=name, weight_name=file)
        with _told(name, where):
            path = hf_hub_download(
                name,
                file,
                revision=about.sha,
                cache_dir=self.config.hub_cache.expanduser(),
                token=token,
                endpoint=self.endpoint,
            )
            if commit is None and about.sha is not None:
                RepositoryCache.of(self.config.hub_cache, name).set_ref("main", about.sha)
        return Path(path)


@contextmanager
def _told(name: str, where: str) -> Iterator[None]:
    """Turn the Hub client's errors into ModelUnavailable."""
    import httpx2  # noqa: PLC0415 - the Hub client's transport; only where something is downloaded
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    try:
        yield
    except (LocalEntryNotFoundError, httpx2.HTTPError, OSError, ValueError) as exc:  # ValueError: no JSON, a bad name
        message = (
            f"{name} could not be downloaded from HuggingFace: {type(exc).__name__}. Check its name, that the "
            "worker's HF_TOKEN may read it, and the disk's room"
        )
        raise failure(ModelUnavailable, where, message) from exc


def _cached(caches: list[RepositoryCache], commit: str) -> Iterator[tuple[str, Path]]:
    """The adapters' files of `commit`, by their path in the repository; of equal ones the first cache's comes last.

    A link that leads out of the repository's own cache is none of them.
    """
    for cache in reversed(caches):
        folder = cache.snapshot(commit)
        for path in sorted(folder.rglob(f"*{_SUFFIX}")):
            if path.is_file() and path.resolve().is_relative_to(cache.root.resolve()):
                yield path.relative_to(folder).as_posix(), path


def _checked(lora: Lora, where: str) -> str | None:
    """`weight_name` as a path inside of the repository."""
    if lora.weight_name is None:
        return None
    path = PurePosixPath(lora.weight_name.name)
    if path.is_absolute() or ".." in path.parts:
        message = "must be a path in the repository, without '..'"
        raise failure(InputRefused, f"{where}.weight_name", message)
    return path.as_posix()


def _chosen(lora: Lora, asked: str | None, files: list[str], where: str) -> str:
    """The file that is meant, out of all that the repository (or the cache) has."""
    name = lora.source.name
    if asked is not None:
        if asked not in files:
            raise failure(ModelUnavailable, where, f"{name} has no file {asked}")
        return asked
    if not files:
        raise failure(ModelUnavailable, where, f"{name} has no {_SUFFIX} file")
    if len(files) > 1:
        rest = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        message = f"must say which file of {name} is meant: {', '.join(sorted(files)[:_NAMED])}{rest}"
        raise InvalidInput((Fault(f"{where}.weight_name", message),))
    return files[0]
