"""What guarded requests are configured with."""

import ipaddress

import attrs

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@attrs.frozen(kw_only=True)
class HttpConfig:
    """Whom inputs may come from beyond the public internet.

    `private_hosts` and `private_networks` together are INPUT_ALLOW_PRIVATE_HOSTS: host names in lower case, and
    CIDR blocks. They may be reached over plain http and at private addresses. `allow_http` permits plain http
    for public hosts too.
    """

    private_hosts: frozenset[str] = frozenset()
    private_networks: tuple[Network, ...] = ()
    allow_http: bool = False
