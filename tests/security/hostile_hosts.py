"""Addresses that no caller may reach, what they hide in, and the ways to write them."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

SPECIAL: Final[Mapping[str, str]] = {
    "loopback": "127.0.0.1",
    "another loopback": "127.0.0.2",
    "end of loopback": "127.255.255.254",
    "this host": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172": "172.16.0.1",
    "end of private 172": "172.31.255.254",
    "private 192": "192.168.0.1",
    "link-local": "169.254.0.1",
    "metadata": "169.254.169.254",
    "metadata of a container": "169.254.170.2",
    "carrier-grade NAT": "100.64.0.1",
    "metadata of Alibaba": "100.100.100.200",
    "end of carrier-grade NAT": "100.127.255.254",
    "platform of Azure": "168.63.129.16",
    "protocol assignments": "192.0.0.8",
    "metadata of Oracle": "192.0.0.192",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "AS112": "192.31.196.1",
    "AS112 delegated": "192.175.48.1",
    "AMT": "192.52.193.1",
    "6to4 relay": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "end of benchmarks": "198.19.255.254",
    "multicast": "224.0.0.1",
    "multicast of UPnP": "239.255.255.250",
    "class E": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "loopback 6": "::1",
    "link-local 6": "fe80::1",
    "site-local 6": "fec0::1",
    "unique local": "fc00::1",
    "unique local, locally assigned": "fd12:3456:789a::1",
    "metadata of AWS, 6": "fd00:ec2::254",
    "metadata of Google, 6": "fd20:ce::254",
    "multicast 6": "ff02::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "documentation 6": "2001:db8::1",
    "documentation 6, new": "3fff::1",
    "ORCHID": "2001:10::1",
    "benchmarks 6": "2001:2::1",
    "AS112 delegated, 6": "2620:4f:8000::1",
}

_V4: Final = 0xFFFF_FFFF
_PUBLIC_PREFIX: Final = 0x2606_4700_0000_0000 << 64

CARRIERS: Final[Mapping[str, Callable[[int], int]]] = {
    "IPv4-mapped": lambda v4: 0xFFFF << 32 | v4,
    "IPv4-compatible": lambda v4: v4,
    "IPv4-translated": lambda v4: 0xFFFF << 48 | v4,
    "NAT64": lambda v4: 0x64_FF9B << 96 | v4,
    "local NAT64": lambda v4: 0x64_FF9B_0001 << 80 | v4,
    "6to4": lambda v4: 0x2002 << 112 | v4 << 80 | 1,
    "Teredo client": lambda v4: 0x2001 << 112 | 0x0808_0808 << 64 | (v4 ^ _V4),
    "Teredo server": lambda v4: 0x2001 << 112 | v4 << 64 | (0x0808_0808 ^ _V4),
    "ISATAP": lambda v4: _PUBLIC_PREFIX | 0x5EFE << 32 | v4,
    "ISATAP, global": lambda v4: _PUBLIC_PREFIX | 0x0200_5EFE << 32 | v4,
}
"""How IPv6 addresses carry an IPv4 address: RFC 4291, 2765, 6052, 8215, 3056, 4380, 5214."""

CARRIED: Final = ("127.0.0.2", "169.254.169.254", "10.0.0.1")


def forbidden_addresses() -> dict[str, str]:
    """All of them by what they are, in canonical form."""
    carried = {
        f"{carrier} {inner}": str(IPv6Address(embed(int(IPv4Address(inner)))))
        for carrier, embed in CARRIERS.items()
        for inner in CARRIED
    }
    return {**SPECIAL, **carried}


def in_url(address: str) -> str:
    """`address` as the host of a URL."""
    return f"[{address}]" if ip_address(address).version == 6 else address


def spellings(address: str) -> Iterator[tuple[str, str]]:
    """(how, host): ways to write an IPv4 address that some parser or resolver takes for it."""
    number = int(IPv4Address(address))
    a, b, c, d = number.to_bytes(4, "big")
    rest = b << 16 | c << 8 | d
    yield "decimal", str(number)
    yield "decimal, over 32 bits", str(number + (1 << 32))
    yield "hex", hex(number)
    yield "hex in capitals", f"0X{number:X}"
    yield "hex with zeros", f"0x00000000{number:08x}"
    yield "octal", f"0{number:o}"
    yield "dotted hex", f"{a:#x}.{b:#x}.{c:#x}.{d:#x}"
    yield "dotted octal", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield "mixed bases", f"{a:#x}.0{b:o}.{c}.{d}"
    yield "zero padded", f"{a:03}.{b:03}.{c:03}.{d:03}"
    yield "two parts", f"{a}.{rest}"
    yield "two parts, hex", f"{a:#x}.{rest:#x}"
    yield "three parts", f"{a}.{b}.{c << 8 | d}"
    yield "five parts", f"{a}.{b}.{c}.{d}.0"
    yield "a part over 255", f"{a}.{b}.{c}.{d + 256}"
    yield "trailing dot", f"{address}."
    yield "two trailing dots", f"{address}.."
    yield "in brackets", f"[{address}]"
    yield "percent-encoded digits", "".join(f"%{ord(char):02x}" if char.isdigit() else char for char in address)
    yield "percent-encoded dots", address.replace(".", "%2e")
    yield "fullwidth digits", "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in address)
    yield (
        "circled digits",
        "".join(
            "\u24ea\u2460\u2461\u2462\u2463\u2464\u2465\u2466\u2467\u2468"[int(char)] if char.isdigit() else char
            for char in address
        ),
    )
    yield "Arabic-Indic digits", "".join(chr(0x660 + int(char)) if char.isdigit() else char for char in address)
    yield "mathematical digits", "".join(chr(0x1D7CE + int(char)) if char.isdigit() else char for char in address)
    yield "ideographic full stops", address.replace(".", "\u3002")
    yield "fullwidth full stops", address.replace(".", "\uff0e")
    yield "halfwidth full stops", address.replace(".", "\uff61")
    yield "one-dot leaders", address.replace(".", "\u2024")
    yield "a soft hyphen", address.replace(".", "\u00ad.", 1)
    yield "a zero-width space", address.replace(".", "\u200b.", 1)
    yield "a NUL", f"{address}%00.attacker.example"
    yield "mapped, dotted", f"[::ffff:{address}]"
    yield "mapped, in full", f"[0:0:0:0:0:ffff:{address}]"
    yield "mapped, in capitals", f"[::FFFF:{number >> 16:X}:{number & 0xFFFF:X}]"
    yield "compatible, dotted", f"[::{address}]"
    yield "NAT64, dotted", f"[64:ff9b::{address}]"
    yield "with a zone", f"[::ffff:{address}%25lo]"


LOOPBACK_6: Final[Mapping[str, str]] = {
    "in full": "[0:0:0:0:0:0:0:1]",
    "padded": "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "half": "[0::1]",
    "with a zone": "[::1%25lo]",
    "with a bare zone": "[::1%lo]",
    "with a numbered zone": "[::1%251]",
    "dotted": "[::0.0.0.1]",
    "without brackets": "::1",
    "half a bracket": "[::1",
    "the other half": "::1]",
    "brackets twice": "[[::1]]",
    "text behind the bracket": "[::1]x",
    "IPvFuture": "[v1.::1]",
    "empty brackets": "[]",
}

_LOCALHOST: Final = "localhost"

INSIDE_NAMES: Final = (
    "localhost", "LOCALHOST", "localhost.", "localhost..", "a.localhost", "localhost.localdomain.localhost",
    "localhost6", "ip6-localhost", "ip6-loopback", "kubernetes", "metadata", "metadata.google.internal",
    "METADATA.GOOGLE.INTERNAL.", "instance-data.ec2.internal", "printer.local", "wiki.intranet", "nas.home.arpa",
    "redis", "_", "xn--lcalhost-7jb", "\u24dbocalhost", "loc\u00adalhost", "local\u200bhost", "localhos\u0442",
    "localhost\u3002", "localhost%00", "localhost%2e", "%6cocalhost", "localhost%20",
    "".join(chr(ord(char) + 0xFEE0) for char in _LOCALHOST),
)  # fmt: skip
"""Names that only a resolver inside knows, and what may fold or decode to one."""
