"""Which hosts a list lets through."""

import pytest

from adapters.http.allowed_hosts import AllowedHosts
from adapters.settings.hosts import allowed_hosts
from domain.errors import InvalidValue

LISTED = AllowedHosts(frozenset({"api.example.com", ".customer.example", "127.0.0.1", "::1"}), "SOME_HOSTS")


@pytest.mark.parametrize("host", ["api.example.com", "a.customer.example", "a.b.customer.example", "127.0.0.1", "::1"])
def test_a_listed_host_is_allowed(host: str) -> None:
    assert LISTED.allows(host)
    assert LISTED.refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "x.api.example.com",
        "api.example.com.evil.example",
        "customer.example",
        ".customer.example",
        "notcustomer.example",
        "customer.example.evil.example",
        "127.0.0.2",
        "",
    ],
)
def test_another_is_not(host: str) -> None:
    assert not LISTED.allows(host)
    assert LISTED.refusal(host) == "must lead to a host that SOME_HOSTS names"


def test_an_empty_list_allows_nobody() -> None:
    assert AllowedHosts(setting="X").refusal("a.example") == "is not accepted by this worker: X names no host"


def test_a_list_is_read_in_canonical_form() -> None:
    read = allowed_hosts("API.Example.com., .Customer.example ,, 127.0.0.1, ::0001, xn--bcher-kva.example")
    assert read.entries == {"api.example.com", ".customer.example", "127.0.0.1", "::1", "xn--bcher-kva.example"}
    assert allowed_hosts(" , ").entries == frozenset()


@pytest.mark.parametrize(
    "item",
    [
        "*.example.com", "*", ".", "..", "..example.com", "https://a.example", "a.example:443", "a.example/x",
        "10.0.0.0/8", ".0.0.1", ".1", "127.1", "2130706433", "0x7f000001", "[::1]", "b\u00fccher.example", "a b", "-a",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused_by_its_place(item: str) -> None:
    with pytest.raises(InvalidValue, match="item 2 is none of these"):
        allowed_hosts(f"good.example, {item}")
