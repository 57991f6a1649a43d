"""Lists of hosts: those that inputs may come from although they are private, and those that a job may send to."""

import ipaddress
import re
from typing import Final

import attrs

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import Network
from domain.errors import InvalidValue

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_MAX_NAME: Final = 253


@attrs.frozen
class PrivateHosts:
    """The list, taken apart. A single address is a block of one."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()


def private_hosts(text: str) -> PrivateHosts:
    """The hosts that `text` lists, names in lower case without a trailing dot. Empty items are skipped.

    Raises:
        InvalidValue: an item is neither a name nor a block; the message counts it off.
    """
    names: set[str] = set()
    networks: list[Network] = []
    for number, item in enumerate((item.strip() for item in text.split(",")), start=1):
        if not item:
            continue
        name = item.lower().removesuffix(".")
        if _is_name(name):
            names.add(name)
        else:
            networks.append(_network(item, number))
    return PrivateHosts(frozenset(names), tuple(networks))


def allowed_hosts(text: str) -> AllowedHosts:
    """The hosts that `text` lists: names, addresses, suffixes (".example.com"), separated by commas.

    Names become lower case without a trailing dot; empty items are skipped.

    Raises:
        InvalidValue: an item is none of these; the message counts it off.
    """
    items = (item.strip() for item in text.split(","))
    return AllowedHosts(frozenset(_entry(item, number) for number, item in enumerate(items, start=1) if item))


def _entry(item: str, number: int) -> str:
    entry = item.lower().removesuffix(".")
    if _is_name(entry.removeprefix(".")):
        return entry
    try:
        return str(ipaddress.ip_address(item))
    except ValueError as error:
        message = (
            "must list host names, addresses and suffixes (such as api.example.com, .example.com), without scheme, "
            f"port or wildcard; item {number} is none of these"
        )
        raise InvalidValue(message) from error


def _is_name(name: str) -> bool:
    """Whether `name` is a DNS name. One that ends in a number is an address in some resolver's eyes."""
    labels = name.split(".")
    return len(name) <= _MAX_NAME and all(map(_LABEL.fullmatch, labels)) and not _is_number(labels[-1])


def _is_number(label: str) -> bool:
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", label, re.ASCII) is not None


def _network(item: str, number: int) -> Network:
    try:
        return ipaddress.ip_network(item)
    except ValueError as error:
        message = (
            "must list host names and CIDR blocks (such as minio.internal, 10.0.0.0/8), without scheme, port, "
            f"wildcard or host bits; item {number} is neither"
        )
        raise InvalidValue(message) from error
