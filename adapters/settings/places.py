"""Folders and hosts that logs and replies must not show."""

import socket
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from adapters.settings.environment import folders_in
from adapters.settings.schema import Settings

_APP: Final = Path(__file__).resolve().parents[2]
_NAMES: Final = {"hub_cache": "hub", "path": "model", "root": "store"}
"""What folders are called, where their fields' names do not say it."""


def named_folders(settings: Settings, environ: Mapping[str, str]) -> dict[str, Path]:
    """Absolute folders by the names that stand for them.

    `environ` may hold more of them than the settings use; the libraries read it too.
    """
    roots = folders_in(environ)
    roots |= {_NAMES.get(name, name): path.expanduser().absolute() for name, path in settings.folders.items()}
    return roots | {
        "app": _APP,
        "tmp": Path(tempfile.gettempdir()),
        "home": Path("~").expanduser(),
        "python": Path(sysconfig.get_path("stdlib")),
        "packages": Path(sysconfig.get_path("purelib")),
    }


def inside_hosts(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names of this machine, and the hosts that the operator lists: suffixes also without their dot."""
    lists = (settings.input_hosts, settings.upload_hosts, settings.webhook.hosts)
    listed = (form for hosts in lists for entry in hosts.entries for form in (entry, entry.removeprefix(".")))
    return (socket.gethostname(), environ.get("RUNPOD_POD_ID", ""), *settings.http.private_hosts, *listed)
