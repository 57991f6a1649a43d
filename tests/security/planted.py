"""Canaries: texts that nobody but this test writes, put wherever a secret, a path or a host may stand."""

import json
import re
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from adapters.http.allowed_hosts import AllowedHosts
from adapters.settings.hosts import PrivateHosts
from adapters.settings.stores.addresses import BaseUrl, ServerUrl, WeekLifetime
from adapters.settings.stores.azure import AccountKey, AccountName, ContainerName
from adapters.settings.stores.gcs import ServiceAccountKey
from adapters.settings.stores.s3 import Region
from adapters.settings.stores.supabase import ProjectUrl
from adapters.settings.values import (
    Attention,
    BucketName,
    Bytes,
    ClipSeconds,
    Count,
    Crf,
    Depth,
    Device,
    Jobs,
    Lifetime,
    ModelName,
    Pixels,
    Prefix,
    Revision,
    Timeout,
)
from adapters.settings.variables import KINDS, TABLE
from adapters.settings.webhooks import OperatorsUrl, SigningSecrets

ROOT: Final = Path(__file__).resolve().parents[2]
SHAPED: Final = "hf_CanaryCanary0123456789"  # pragma: allowlist secret
"""A token by its shape, which no setting knows."""
ADDRESSES: Final = ("10.77.66.5", "fd00:77:66::5")

_PEM: Final = "-----BEGIN PRIVATE KEY-----"  # pragma: allowlist secret
_ADDRESSES: Final = {ProjectUrl, ServerUrl, BaseUrl}

_HARMLESS: Final = {
    bool, Literal, Attention, BucketName, Bytes, ClipSeconds, Count, Crf, Depth, Device, Jobs, Lifetime, ModelName,
    Pixels, Prefix, Revision, Timeout, AccountName, ContainerName, Region, WeekLifetime,
}  # fmt: skip
"""Kinds of variables that are words, numbers and names, which replies tell."""

_CANARY: Final = re.compile(r"c[a4]n[a4]ry", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"""(?<![\w<>\]:/.~*-])/(?:usr|opt|home|root|tmp|var|etc|srv|mnt|work|runpod)[^\s"']*""")
"""A path of this machine that is told from no named folder."""


def unclassified() -> set[str]:
    """Variables of a kind of which nobody has said whether it can hold a secret, a path or a host."""
    return {
        name
        for name, row in TABLE.items()
        if not row.secret and not _kinds(KINDS[name]) & {Path, PrivateHosts, AllowedHosts, str, *_ADDRESSES, *_HARMLESS}
    }


def planted(folder: Path) -> dict[str, str]:
    """A valid value with a canary for every variable that may hold a secret, a path or a host, by the table.

    Folders lie below `folder`. A new variable of one of these kinds gets its canary by its type.
    """
    values = {name: _value(name, KINDS[name], folder) for name in TABLE}
    return {name: value for name, value in values.items() if value is not None}


def _kinds(hint: Any) -> set[Any]:
    """`hint` without None; of the words of a Literal only that they are words of ours."""
    members = {member for member in get_args(hint) if get_origin(hint) is not Literal} or {hint}
    return {Literal if get_origin(member) is Literal else member for member in members}


def _value(name: str, hint: Any, folder: Path) -> str | None:
    kinds = _kinds(hint)
    formed: dict[Any, str] = {
        OperatorsUrl: f"https://canary-{name.lower().replace('_', '-')}.internal/canary?token=canary",
        SigningSecrets: "whsec_" + "canary" * 5 + "00",  # pragma: allowlist secret
        AccountKey: "canary" * 6,  # pragma: allowlist secret
        ServiceAccountKey: json.dumps({"client_email": "canary@x.example", "private_key": f"{_PEM}canary"}),
    }
    if kinds & formed.keys():
        return next(value for kind, value in formed.items() if kind in kinds)
    if TABLE[name].secret:
        return f"Canary-{name}-0123456789"
    by_kind: dict[Any, str] = {
        Path: str(folder / f"canary-{name}" / "below"),
        **dict.fromkeys(_ADDRESSES, f"https://canary-{name.lower().replace('_', '-')}.example"),
        PrivateHosts: "canary-inside.internal,canary-7,10.77.66.0/24",
        AllowedHosts: "canary-listed.internal,.canary-below.internal",
        str: f"canary-{name}",
    }
    return next((value for kind, value in by_kind.items() if kind in kinds), None)


def hostile_text(folder: Path) -> str:
    """What a careless library's exception says, on several lines: secrets, places, a URL, a traceback."""
    environ = planted(folder)
    secrets = [value for name, value in environ.items() if TABLE[name].secret]
    paths = [value for name, value in environ.items() if value.startswith(str(folder))]
    headers = {
        "Authorization": "Bearer canary.canary",
        "apikey": "canary-canary",  # pragma: allowlist secret
        "x": SHAPED,
    }
    return "\n".join([
        f"cannot open {' or '.join(paths)} or /opt/canary/models/x.bin or '{ROOT}/domain/plan.py': {' '.join(secrets)}",
        f"GET https://canary:{secrets[0]}@canary-host.example.com:8443/p?X-Amz-Signature=canary&y=1#canary",
        f"HTTPSConnectionPool(host='canary-host', port=443): {ADDRESSES[0]}:443 [{ADDRESSES[1]}]:443 canary-7",
        f"headers: {headers}",
        f"Failed to resolve 'canary-inside.internal' on {environ['RUNPOD_POD_ID']}",
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3/canary/client.py", line 7, in get',
        "ValueError: closed",
    ])  # fmt: skip


def leaks(text: str) -> list[str]:
    """What of a reply or a log line nobody may read: canaries, addresses, paths of this machine, its name."""
    found = [match[0] for match in _CANARY.finditer(text)]
    found += [address for address in ADDRESSES if address in text]
    found += [match[0] for match in _ELSEWHERE.finditer(text)]
    return found
