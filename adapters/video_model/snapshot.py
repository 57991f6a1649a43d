"""Where a checkpoint lies: the Hub's cache layout, which RunPod's cached models share.

    {hub cache}/models--{org}--{name}/refs/{ref}            text: a commit
    {hub cache}/models--{org}--{name}/snapshots/{commit}/   the files, mostly links into ../../blobs

A revision is resolved through `refs/`. Sorting the folder names picks a random commit once there are two.
"""

import os
import re
from pathlib import Path
from typing import Final, Self

import attrs

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


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
