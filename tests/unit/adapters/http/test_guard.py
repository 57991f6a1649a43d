"""What a URL must look like."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.guard import UrlGuard, UrlRefused

GUARD = UrlGuard()
INSIDE = UrlGuard(HttpConfig(private_hosts=frozenset({"store", "::1"}), private_networks=(IPv4Network("127.0.0.0/8"),)))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com/a.png?x=1", "https://example.com/a.png?x=1"),
        ("HTTPS://EXAMPLE.com./a", "https://example.com/a"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:/", "https://example.com/"),
        ("https://example.com:00443/", "https://example.com/"),
        ("https://example.com/@a:b", "https://example.com/@a:b"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("https://bücher.de/ä", "https://xn--bcher-kva.de/%C3%A4"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://my_bucket.s3.example.com/", "https://my_bucket.s3.example.com/"),
    ],
)
def test_public_https_urls_are_admitted(text: str, url: str) -> None:
    destination = GUARD.admit(text)
    assert str(destination.url) == url
    assert destination.reach == "open"
    assert destination.refusal is None


SPELLINGS = ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.0x1", "%31%32%37.0.0.1",
             "①27.0.0.1", "[::1%25lo]", "[0:0:0:0:0:0:0:1]", "[::FFFF:8.8.8.8]", "1.2.3.4.5", "127.0.0.1.",
             "[2606:4700:0::1111]", "[2606:4700::ABCD]", "example.com..", "a..b",
             "-a.com", ".", "a b", "exa$mple.com", "x" * 64 + ".com"]  # fmt: skip
PRIVATE = ["127.0.0.1", "127。0。0。1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::ffff:7f00:1]",
           "[::]", "[64:ff9b::7f00:1]", "[fe80::1]", "localhost", "LOCALHOST", "localhost.", "a.localhost",
           "metadata.google.internal", "printer.local", "router", "_"]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS + PRIVATE)
def test_hosts_that_are_refused(host: str) -> None:
    with pytest.raises(UrlRefused):
        GUARD.admit(f"https://{host}/a.png")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://example.com/", "must be an https URL"),
        ("http://127.0.0.1/", "must be an https URL"),
        ("ftp://example.com/", "must be an https URL"),
        ("file:///etc/passwd", "must be an https URL"),
        ("s3://bucket/key", "must be an https URL"),
        ("data:image/png;base64,AAAA", "must be an https URL"),
        ("/etc/passwd", "must be an https URL"),
        ("", "must be an https URL"),
        ("https:example.com", "must name a host"),
        ("https:///a", "must name a host"),
        ("https://user@example.com/", "must not carry a user name or a password"),
        ("https://user:pw@example.com/", "must not carry a user name or a password"),  # pragma: allowlist secret
        ("https://@example.com/", "must not carry a user name or a password"),
        ("https://example.com:+443/", "must be a valid URL"),
        ("https://example.com:4_43/", "must be a valid URL"),
        ("https://example.com:\u0664\u0664\u0663/", "must be a valid URL"),
        ("https://example.com:000443/", "must be a valid URL"),
        ("https://[2606:4700::1111]443/", "must be a valid URL"),
        ("https://example.com:22/", "must use port 443 or 80"),
        ("https://example.com:0/", "must be a valid URL"),
        ("https://example.com:-1/", "must be a valid URL"),
        ("https://example.com:65536/", "must be a valid URL"),
        ("https://example.com:x/", "must be a valid URL"),
        ("https://example.com\\@127.0.0.1/", "must not hold spaces, control characters or backslashes"),
        ("https://example.com/\r\nHost: x", "must not hold spaces, control characters or backslashes"),
        (" https://example.com/", "must not hold spaces, control characters or backslashes"),
        ("https://example.com/\x7f", "must not hold spaces, control characters or backslashes"),
        ("https://example.com/\u2028", "must not hold spaces, control characters or backslashes"),
        ("https://127.0.0.1/", "leads to an address that is not allowed"),
        ("https://localhost/", "leads to an address that is not allowed"),
    ],
)
def test_refusals_name_the_rule(text: str, reason: str) -> None:
    with pytest.raises(UrlRefused) as caught:
        GUARD.admit(text)
    assert caught.value.reason == reason


def test_a_url_of_2048_characters_is_the_longest() -> None:
    longest = "https://example.com/" + "a" * (2048 - 20)
    assert str(GUARD.admit(longest).url) == longest
    with pytest.raises(UrlRefused):
        GUARD.admit(longest + "a")


def test_http_can_be_allowed_but_opens_nothing_else() -> None:
    guard = UrlGuard(HttpConfig(allow_http=True))
    assert guard.admit("http://example.com/").reach == "open"
    for text in ("http://127.0.0.1/", "http://localhost/", "http://example.com:8080/"):
        with pytest.raises(UrlRefused):
            guard.admit(text)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("http://store:9000/a", "vouched"),
        ("http://STORE./a", "vouched"),
        ("http://[::1]:9000/a", "vouched"),
        ("http://127.0.0.1:9000/a", "inside"),
        ("https://127.0.0.1/a", "open"),
        ("http://localhost:9000/a", "inside"),
        ("https://localhost/a", "inside"),
        ("https://example.com/a", "open"),
        ("https://example.com:9000/a", "inside"),
    ],
)
def test_the_operators_hosts_may_use_http_and_any_port(text: str, reach: str) -> None:
    assert INSIDE.admit(text).reach == reach


@pytest.mark.parametrize("text", ["http://10.0.0.1/", "http://8.8.8.8/", "https://8.8.8.8:9000/", "https://[::2]/"])
def test_addresses_beside_the_operators_are_refused(text: str) -> None:
    with pytest.raises(UrlRefused):
        INSIDE.admit(text)


ORIGIN = GUARD.admit("https://example.com/a/b.png?sig=1")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c.png", "https://example.com/a/c.png"),
        ("/c.png", "https://example.com/c.png"),
        ("//cdn.example.org/c.png", "https://cdn.example.org/c.png"),
        ("https://cdn.example.org/c.png", "https://cdn.example.org/c.png"),
    ],
)
def test_redirects_are_resolved_against_their_origin(location: str, url: str) -> None:
    assert str(GUARD.admit_redirect(ORIGIN, location).url) == url


@pytest.mark.parametrize(
    "location",
    [
        "http://example.com/",
        "//127.0.0.1/",
        "https://127.1/",
        "file:///etc/passwd",
        "https://u@h.example/",
        "//[x/",
        "//@h.example/",
        "//h.example:+443/",
        "a" * 2049,
    ],
)
def test_redirects_follow_all_the_rules(location: str) -> None:
    with pytest.raises(UrlRefused):
        GUARD.admit_redirect(ORIGIN, location)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://example.com/", "redirects to another URL, which must be an https URL"),
        ("//127.0.0.1/", "redirects to another URL, which leads to an address that is not allowed"),
        ("//[x/", "redirects to another URL, which must be a valid URL"),
        ("a" * 2049, "redirects to another URL, which must have at most 2048 characters"),
    ],
)
def test_a_refused_redirect_is_told_apart_from_the_callers_own_url(location: str, reason: str) -> None:
    with pytest.raises(UrlRefused) as caught:
        GUARD.admit_redirect(ORIGIN, location)
    assert caught.value.reason == reason


def test_a_redirect_that_may_only_lead_inside_says_so_too() -> None:
    destination = INSIDE.admit_redirect(INSIDE.admit("http://store:9000/a"), "http://example.com/")
    assert destination.reach == "inside"
    assert destination.refusal == "redirects to another URL, which must be an https URL"


def test_a_redirect_never_leaves_https_even_where_http_is_allowed() -> None:
    guard = UrlGuard(HttpConfig(allow_http=True))
    with pytest.raises(UrlRefused, match="another scheme"):
        guard.admit_redirect(guard.admit("https://example.com/"), "http://example.com/")


@given(
    st.one_of(st.text(), st.text().map("https://".__add__), st.text("0123456789.:[]x%@\\/。").map("https://".__add__))
)
def test_any_text_is_admitted_or_refused(text: str) -> None:
    try:
        destination = INSIDE.admit(text)
    except UrlRefused:
        return
    assert INSIDE.admit(str(destination.url)) == destination


@given(st.text())
def test_any_location_is_admitted_or_refused(location: str) -> None:
    try:
        destination = GUARD.admit_redirect(ORIGIN, location)
    except UrlRefused:
        return
    assert destination.url.scheme == "https"


LISTED = UrlGuard(hosts=AllowedHosts(frozenset({"cdn.example.com", ".example.org", "8.8.8.8"}), "INPUT_ALLOWED_HOSTS"))


@pytest.mark.parametrize("host", ["cdn.example.com", "CDN.Example.com.", "a.example.org", "a.b.example.org", "8.8.8.8"])
def test_listed_hosts_are_admitted(host: str) -> None:
    assert LISTED.admit(f"https://{host}/a.png").reach == "open"


@pytest.mark.parametrize(
    "host",
    ["example.com", "a.cdn.example.com", "example.org", "evilexample.org", "cdn.example.com.evil.net", "8.8.4.4"],
)
def test_with_a_list_no_other_host_is_admitted(host: str) -> None:
    with pytest.raises(UrlRefused) as caught:
        LISTED.admit(f"https://{host}/a.png")
    assert caught.value.reason == "must lead to a host that INPUT_ALLOWED_HOSTS names"


def test_a_redirect_leaves_the_list_no_more_than_a_url_does() -> None:
    origin = LISTED.admit("https://cdn.example.com/a.png")
    with pytest.raises(UrlRefused, match="redirects to another URL, which must lead to a host that INPUT_ALLOWED_HOST"):
        LISTED.admit_redirect(origin, "https://example.com/b.png")
    assert LISTED.admit_redirect(origin, "https://a.example.org/b.png").url.host == "a.example.org"


def test_a_listed_host_is_still_bound_by_the_other_rules() -> None:
    guard = UrlGuard(hosts=AllowedHosts(frozenset({"127.0.0.1", "router"}), "INPUT_ALLOWED_HOSTS"))
    for url in ("https://127.0.0.1/a", "https://router/a", "http://127.0.0.1/a"):
        with pytest.raises(UrlRefused):
            guard.admit(url)
