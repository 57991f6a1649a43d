"""Which addresses may be dialled."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

import pytest

from adapters.http.addresses import AddressRules, carried, is_public

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
          "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::1", "2001:4860:4860::8888",
          "2001:200::"]  # fmt: skip
REFUSED = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255",
           "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
           "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1",
           "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
           "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
           "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
           "2001:1ff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1",
           "3fff::1", "5f00::1", "fc00::1",
           "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"]  # fmt: skip

NETWORK_10 = (IPv4Network("10.0.0.0/8"),)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_open(text: str) -> None:
    assert is_public(ip_address(text))
    assert AddressRules().allow(ip_address(text), "open")


@pytest.mark.parametrize("text", REFUSED)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not AddressRules().allow(ip_address(text), "open")


@pytest.mark.parametrize("text", ["2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1"])
def test_public_addresses_that_carry_a_special_one_are_not_open(text: str) -> None:
    assert is_public(ip_address(text))
    assert not AddressRules().allow(ip_address(text), "open")


@pytest.mark.parametrize("reach", ["open", "inside", "vouched"])
def test_the_operators_networks_are_open_to_every_reach(reach: str) -> None:
    assert AddressRules(NETWORK_10).allow(ip_address("10.1.2.3"), reach)  # type: ignore[arg-type]  # a Reach


def test_the_operators_networks_open_nothing_beside_them() -> None:
    rules = AddressRules(NETWORK_10)
    assert not rules.allow(ip_address("11.0.0.1"), "inside")
    assert not rules.allow(ip_address("8.8.8.8"), "inside")
    assert not rules.allow(ip_address("192.168.0.1"), "open")
    assert rules.allow(ip_address("8.8.8.8"), "open")


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.1", "192.168.0.1", "::1", "fd12::1", "8.8.8.8"])
def test_a_named_host_may_be_anywhere_inside(text: str) -> None:
    assert AddressRules().allow(ip_address(text), "vouched")


METADATA = ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fe80::1",
            "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:100::100:200", "fd00:42::42", "fd00:a9fe:a9fe::1",
            "::ffff:169.254.169.254", "::ffff:0:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1:0:64:6464:c800:0",
            "2002:a9fe:a9fe::1", "2606:4700::5efe:a9fe:a9fe"]  # fmt: skip
NO_HOSTS = ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"]


@pytest.mark.parametrize("text", METADATA + NO_HOSTS)
def test_a_named_host_may_not_lead_to_metadata_or_to_what_is_no_host(text: str) -> None:
    assert not AddressRules().allow(ip_address(text), "vouched")


def test_an_open_nat64_block_does_not_open_what_it_carries() -> None:
    rules = AddressRules((IPv6Network("64:ff9b::/96"),))
    assert rules.allow(ip_address("64:ff9b::808:808"), "open")
    assert not rules.allow(ip_address("64:ff9b::7f00:1"), "open")


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("::ffff:127.0.0.1", ["127.0.0.1"]),
        ("::127.0.0.1", ["127.0.0.1"]),
        ("64:ff9b::7f00:1", ["127.0.0.1"]),
        ("2002:7f00:1::", ["127.0.0.1"]),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", ["65.54.227.120", "192.0.2.45"]),
        ("::ffff:0:7f00:1", ["127.0.0.1"]),
        ("64:ff9b:1::7f00:1", ["127.0.0.1"]),
        ("64:ff9b:1:2:3:4:7f00:1", ["127.0.0.1"]),
        ("2606:4700::5efe:7f00:1", ["127.0.0.1"]),
        ("fe80::200:5efe:7f00:1", ["127.0.0.1"]),
        ("2606:4700::1111", []),
        ("2606:4700::5eff:7f00:1", []),
        ("::1", []),
        ("127.0.0.1", []),
    ],
)
def test_carried_ipv4_addresses(text: str, inner: list[str]) -> None:
    assert carried(ip_address(text)) == tuple(IPv4Address(address) for address in inner)
