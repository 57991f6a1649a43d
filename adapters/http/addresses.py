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
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
"""Special-purpose blocks inside 2000::/3: IETF protocols with Teredo, documentation, 6to4, AS112."""

_NEVER_VOUCHED: Final[tuple[Network, ...]] = (
    *(ipaddress.IPv4Network(block) for block in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")),
    *(ipaddress.IPv4Network(host) for host in ("100.100.100.200", "168.63.129.16", "192.0.0.192")),
    *(
        ipaddress.IPv6Network(block)
        for block in (
            "::/128",
            "64:ff9b:1::/48",  # local NAT64: where an IPv4 address stands in it is each network's own choice
            "fe80::/10",
            "ff00::/8",
            "fd00:ec2::/32",  # AWS
            "fd20:ce::254",  # Google
            "fd00:c1::a9fe:a9fe",  # Oracle
            "fd00:100::100:200",  # Alibaba
            "fd00:42::42",  # Scaleway
            "fd00:a9fe:a9fe::1",  # Akamai
        )
    ),
)
"""Metadata services, and what is no host. Naming a host does not open them: whoever runs its DNS could lead there.
An operator who means them lists their network."""

_LOW_32_CARRY_V4: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64, RFC 8215, as most have it
    )
)
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""Third quarter of an ISATAP address; an IPv4 address is the last one, whatever the prefix (RFC 5214, 6.1)."""
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
    """The IPv4 addresses inside a mapped, compatible, translated, NAT64, 6to4, Teredo or ISATAP address; else ()."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    bits = int(address)
    if bits > 1 and (_in_any(address, _LOW_32_CARRY_V4) or bits >> 32 & _LOW_32_BITS in _ISATAP):
        return (ipaddress.IPv4Address(bits & _LOW_32_BITS),)  # not :: and ::1, which carry nothing
    return ()


def _in_any(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
