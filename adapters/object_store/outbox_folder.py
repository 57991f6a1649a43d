"""The outbox's folder: what waits for a store, on a disk that several workers may share.

Each entry is a folder of its own, and its name is its state:

    writing-{since}-{id}    not whole yet, or being removed
    ready-{id}              waits
    claimed-{since}-{id}    one worker is delivering it
    refused-{id}            the store does not want it; left for people

`since` is in seconds, `id` begins with the time of its making in nanoseconds, so that names sort by age. A state
changes by `rename`, of which exactly one worker's succeeds.
"""

import datetime as dt
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from adapters.object_store.outbox_entry import CONTENT, MANIFEST, Claim
from application.ports.object_store import ObjectHeaders

_ABANDONED_SECONDS: Final = 600
"""A delivery takes at most minutes; after this time its worker is dead."""


@attrs.frozen
class OutboxFolder:
    """Entries below `root`, which is made when it is first needed. Every method may raise OSError."""

    root: Path
    clock: Callable[[], int] = time.time_ns
    """Nanoseconds since the epoch: workers on other machines compare them."""
    sync: Callable[[int], None] = os.fsync

    def add(self, source: Path, key: str, headers: ObjectHeaders) -> None:
        """Keep a copy of `source` for `key`, in place of older entries for it. Nothing is left of a failed try."""
        entry = f"{self.clock():020d}-{_key_mark(key)}-{secrets.token_hex(4)}"
        folder = self.root / f"writing-{self._seconds()}-{entry}"
        folder.mkdir(parents=True)
        try:
            self._fill(folder, source, key, headers)
            folder.rename(self.root / f"ready-{entry}")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._sync_folder(self.root)
        self.discard(key, but=entry)

    def claim_oldest(self) -> Claim | None:
        """The oldest entry that waits and that no other worker took first."""
        for name in self._names("ready"):
            entry = name.removeprefix("ready-")
            folder = self.root / f"claimed-{self._seconds()}-{entry}"
            if _renamed(self.root / name, folder):
                return Claim(folder, entry)
        return None

    def release(self, claim: Claim) -> None:
        """Let the entry wait again."""
        _renamed(claim.folder, self.root / f"ready-{claim.id}")

    def refuse(self, claim: Claim) -> None:
        """Put the entry aside, for people to look at."""
        _renamed(claim.folder, self.root / f"refused-{claim.id}")

    def remove(self, claim: Claim) -> None:
        """Forget an entry that was delivered."""
        self._remove(claim.folder, claim.id)

    def discard(self, key: str, but: str | None = None) -> None:
        """Forget what waits for `key`: a newer object is there, which an older one must not replace."""
        for name in self._names("ready"):
            entry = name.removeprefix("ready-")
            if entry.split("-")[1:2] == [_key_mark(key)] and entry != but:
                self._remove(self.root / name, entry)

    def take_back(self) -> None:
        """Let entries wait again whose worker died while it delivered them; remove what was never whole."""
        for name in self._names("claimed"):
            _, since, entry = name.split("-", 2)
            if self._is_abandoned(since):
                _renamed(self.root / name, self.root / f"ready-{entry}")
        for name in self._names("writing"):
            if self._is_abandoned(name.split("-", 2)[1]):
                shutil.rmtree(self.root / name, ignore_errors=True)

    def _fill(self, folder: Path, source: Path, key: str, headers: ObjectHeaders) -> None:
        with source.open("rb") as original, (folder / CONTENT).open("xb") as copy:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            self.sync(copy.fileno())
            size = copy.tell()
        manifest = {
            "key": key,
            "headers": {**attrs.asdict(headers), "metadata": dict(headers.metadata)},
            "size": size,
            "created_at": dt.datetime.fromtimestamp(self._seconds(), dt.UTC).isoformat(),
        }
        with (folder / MANIFEST).open("x", encoding="utf-8") as file:
            json.dump(manifest, file)
            file.flush()
            self.sync(file.fileno())
        self._sync_folder(folder)

    def _remove(self, folder: Path, entry: str) -> None:
        """In two steps: nobody takes half of an entry for a whole one."""
        going = self.root / f"writing-{self._seconds()}-{entry}"
        if _renamed(folder, going):
            shutil.rmtree(going, ignore_errors=True)

    def _names(self, state: str) -> list[str]:
        """Folders in `state` by name, oldest first; those that this class did not name are not seen."""
        try:
            names = os.listdir(self.root)  # noqa: PTH208 - names, without a Path for each
        except FileNotFoundError:
            return []
        dashes = 4 if state in {"claimed", "writing"} else 3
        return sorted(name for name in names if name.startswith(f"{state}-") and name.count("-") == dashes)

    def _is_abandoned(self, since: str) -> bool:
        return since.isdecimal() and int(since) + _ABANDONED_SECONDS < self._seconds()

    def _seconds(self) -> int:
        return self.clock() // 1_000_000_000

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync(descriptor)
        finally:
            os.close(descriptor)


def _key_mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _renamed(folder: Path, target: Path) -> bool:
    """Whether `folder` was still there to be renamed. What is renamed is the name: a link is not followed."""
    try:
        folder.rename(target)
    except FileNotFoundError:
        return False
    return True
