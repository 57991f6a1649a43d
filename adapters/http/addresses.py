"""Which addresses may be dialled: explicit lists, checked on the address itself.

`ipaddress.is_global` and `is_private` are not used: on Python 3.11 the first is true for NAT64 and 6to4 forms of
127.0.0.1, for multicast and for cloud metadata addresses, and the second is false for 100.64.0.0/10.
"""

import ipaddress
from typing import Final, Literal, assert_never

import attrs

from adapters.http.config import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Reach = Literal["open", "inside", "vouched"]
"""Where a URL may lead: "open" to the internet and to the operator's networks, "inside" to the operator's networks
only, "vouched" to any host address, for the operator named the host."""

_REFUSED_V4: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service is 100.100.100.200
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",  # Oracle's metadata service is 192.0.0.192
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform address, public by its number
    )
)
"""IANA's special-purpose registry for IPv4, and the clouds' services."""

_GLOBAL_UNICAST_V6: Final = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    ipaddress.IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Special-purpose blocks inside 2000::/3: IETF protocols with Teredo, documentation, 6to4."""

_NEVER_VOUCHED: Final[tuple[Network, ...]] = (
    *(ipaddress.IPv4Network(block) for block in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")),
    *(ipaddress.IPv4Network(host) for host in ("100.100.100.200", "168.63.129.16", "192.0.0.192")),
    *(ipaddress.IPv6Network(block) for block in ("::/128", "fe80::/10", "fd00:ec2::/32", "ff00::/8")),
)
"""Metadata services, and what is no host. Naming a host does not open them: whoever runs its DNS could lead there.
An operator who means them lists their network."""

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_LOW_32_BITS: Final = 0xFFFF_FFFF


@attrs.frozen
class AddressRules:
    """The lists, and the operator's own networks."""

    private_networks: tuple[Network, ...] = ()

    def allow(self, address: Address, reach: Reach) -> bool:
        """Whether `address` may be dialled for a URL of that reach.

        An IPv6 address that carries an IPv4 address has to pass for both, so that 64:ff9b::/96 in the operator's
        list does not open 64:ff9b::7f00:1.
        """
        return self._allow_one(address, reach) and all(self._allow_one(inner, reach) for inner in carried(address))

    def _allow_one(self, address: Address, reach: Reach) -> bool:
        if _in_any(address, self.private_networks):
            return True
        match reach:
            case "open":
                return is_public(address)
            case "inside":
                return False
            case "vouched":
                return not _in_any(address, _NEVER_VOUCHED)
            case _ as never:
                assert_never(never)


def is_public(address: Address) -> bool:
    """Whether anyone on the internet could dial `address` too, so that dialling it for them gives nothing away."""
    if isinstance(address, ipaddress.IPv4Address):
        return not _in_any(address, _REFUSED_V4)
    return address in _GLOBAL_UNICAST_V6 and not _in_any(address, _REFUSED_V6)


def carried(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses inside a mapped, compatible, NAT64, 6to4 or Teredo address; () for any other."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64 or (address in _V4_COMPATIBLE and int(address) > 1):  # :: and ::1 carry nothing
        return (ipaddress.IPv4Address(int(address) & _LOW_32_BITS),)
    return ()


def _in_any(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
