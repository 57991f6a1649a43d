"""Where a checkpoint lies: the Hub's cache layout, which RunPod's cached models share.

    {hub cache}/models--{org}--{name}/refs/{ref}            text: a commit
    {hub cache}/models--{org}--{name}/snapshots/{commit}/   the files, mostly links into ../../blobs

A revision is resolved through `refs/`. Sorting the folder names picks a random commit once there are two.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import attrs

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_INDEX: Final = "model_index.json"
_WEIGHT_SUFFIXES: Final = (".safetensors", ".bin")


@attrs.frozen
class Snapshot:
    """One revision of a checkpoint on the disk. `revision` is a commit, or "local" for an explicit folder."""

    path: Path
    revision: str


@attrs.frozen
class RepositoryCache:
    """The folder of one repository in a Hub cache."""

    root: Path

    @classmethod
    def of(cls, hub_cache: Path, name: str) -> Self:
        """The repository `name` ("org/name") in `hub_cache`."""
        return cls(hub_cache.expanduser() / ("models--" + name.replace("/", "--")))

    def snapshot(self, commit: str) -> Path:
        """The folder that `commit` has, or would have."""
        return self.root / "snapshots" / commit

    def resolve(self, revision: str) -> Snapshot | None:
        """The snapshot of a branch, tag or commit, if it is here."""
        ref = self.root / "refs" / revision
        if _COMMIT.fullmatch(revision):
            commit = revision
        elif ref.is_file():
            commit = ref.read_text(encoding="utf-8").strip()
        else:
            return None
        path = self.snapshot(commit)
        return Snapshot(path, commit) if path.is_dir() else None

    def set_ref(self, ref: str, commit: str) -> None:
        """Let `ref` name `commit`; a reader sees the old text or the new one, never half of it."""
        target = self.root / "refs" / ref
        if target.is_file() and target.read_text(encoding="utf-8") == commit:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        temporary.write_text(commit, encoding="utf-8")
        temporary.replace(target)


def missing_files(snapshot: Path, components: Sequence[str]) -> tuple[str, ...]:
    """What `components` lack in `snapshot`, as paths relative to it, in a fixed order; empty: it is complete.

    Every shard that an index names is looked for: an interrupted download leaves the index and half of them.
    """
    declared = _read_object(snapshot / _INDEX)
    if declared is None:
        return (_INDEX,)
    missing: list[str] = []
    for name in components:
        if name not in declared:
            missing.append(f"{name} in {_INDEX}")
        else:
            missing.extend(f"{name}/{file}" for file in _missing_in(snapshot / name, name))
    return tuple(missing)


def _missing_in(folder: Path, component: str) -> Iterator[str]:
    if component == "scheduler":
        yield from _absent(folder, "scheduler_config.json")
    elif component == "tokenizer":
        yield from _absent(folder, "tokenizer_config.json")
        if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
            yield "tokenizer.json"
    else:
        yield from _absent(folder, "config.json")
        yield from _missing_weights(folder)


def _missing_weights(folder: Path) -> Iterator[str]:
    indices = sorted(folder.glob("*.index.json"))
    for index in indices:
        shards = (_read_object(index) or {}).get("weight_map")
        if isinstance(shards, dict):
            yield from _absent(folder, *sorted({str(shard) for shard in shards.values()}))
        else:
            yield index.name
    if not indices and not any(path.suffix in _WEIGHT_SUFFIXES and path.is_file() for path in folder.glob("*")):
        yield "*.safetensors"


def _absent(folder: Path, *names: str) -> Iterator[str]:
    return (name for name in names if not (folder / name).is_file())


def _read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None if it is not there or something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
