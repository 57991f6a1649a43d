"""What a URL from a stranger must look like. Nothing is resolved or dialled here."""

import ipaddress
import re
from typing import Final

import attrs
import httpx

from adapters.http.addresses import Address, AddressRules, Reach
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from domain.secret_url import MAX_URL

_MAX_NAME: Final = 253
_MAX_PORT: Final = 65_535
_ELSEWHERE: Final = "redirects to another URL, which "
_NOT_ALLOWED: Final = "leads to an address that is not allowed"
_WEB_PORTS: Final = {"https": 443, "http": 80}

_AUTHORITY: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//([^/?#]*)", re.IGNORECASE | re.ASCII)
"""As httpx takes a URL apart."""
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::[0-9]{0,5})?")
"""httpx (0.28.1) also takes what Python's `int` does for a port ("+443", "4_43", digits of other scripts), and one that
follows an IPv6 address without a colon."""
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that getaddrinfo takes for an IPv4 address: 127.1, 2130706433, 0x7f000001, 0177.0.0.1."""
_INSIDE_SUFFIXES: Final = (".localhost", ".local", ".internal", ".intranet", ".home.arpa")
"""Names that public DNS never has (RFC 6761, 6762, 8375, ICANN's .internal)."""


class UrlRefused(Exception):
    """The rules forbid a URL. `reason` follows the field's name, and says nothing but what the URL itself shows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@attrs.frozen(kw_only=True)
class Destination:
    """An admitted URL and where it may lead. `url` has the host in its canonical form, without a trailing dot."""

    url: httpx.URL = attrs.field(repr=False)  # may carry a signature
    port: int
    reach: Reach
    refusal: str | None
    """Why the URL is refused unless its name leads to the operator's networks; None if it may lead further."""


@attrs.frozen
class UrlGuard:
    """The rules for URLs, with the operator's exceptions. `hosts`, if not empty, are the only ones to go to."""

    config: HttpConfig = HttpConfig()
    hosts: AllowedHosts = AllowedHosts()

    def admit(self, text: str) -> Destination:
        """The destination of a URL.

        Raises:
            UrlRefused: it breaks a rule.
        """
        url, literal = _canonical(text)
        host = url.raw_host.decode("ascii")
        unlisted = self.hosts.refusal(host) if self.hosts.entries else None
        if unlisted is not None:
            raise UrlRefused(unlisted)
        port = _WEB_PORTS[url.scheme] if url.port is None else url.port
        refusal = None if host in self.config.private_hosts else self._refusal(url.scheme, host, port)
        reach: Reach = "vouched" if host in self.config.private_hosts else "inside" if refusal else "open"

        networks = self.config.private_networks
        if literal is not None and not AddressRules(networks).allow(literal, reach):
            raise UrlRefused(refusal or _NOT_ALLOWED)
        if literal is None and refusal is not None and not networks:
            raise UrlRefused(refusal)
        return Destination(url=url, port=port, reach=reach, refusal=refusal)

    def admit_redirect(self, origin: Destination, location: str) -> Destination:
        """The destination that `origin` redirects to, by all the rules again. Raises UrlRefused."""
        try:
            destination = self.admit(_joined(origin.url, location))
        except UrlRefused as exc:
            raise UrlRefused(_ELSEWHERE + exc.reason) from exc
        if origin.url.scheme == "https" and destination.url.scheme != "https":
            reason = "redirects from https to another scheme"
            raise UrlRefused(reason)
        refusal = destination.refusal
        return destination if refusal is None else attrs.evolve(destination, refusal=_ELSEWHERE + refusal)

    def _refusal(self, scheme: str, host: str, port: int) -> str | None:
        """Why a URL may lead nowhere but to the operator's networks; None if it may lead to the internet."""
        if scheme == "http" and not self.config.allow_http:
            return "must be an https URL"
        if port not in _WEB_PORTS.values():
            return "must use port 443 or 80"
        if _is_inside_name(host):
            return _NOT_ALLOWED
        return None


def host_of(text: str) -> str:
    """The host of a well-formed URL: lower-case ASCII without a trailing dot, or a canonical address.

    Raises:
        UrlRefused: it is none, whatever the settings.
    """
    return _canonical(text)[0].raw_host.decode("ascii")


def _canonical(text: str) -> tuple[httpx.URL, Address | None]:
    """The URL with its host in the canonical form, and the address that the host spells."""
    url = _parse(text)
    literal = _literal(url.raw_host.decode("ascii"))
    if literal is None:
        url = url.copy_with(host=_canonical_name(url.raw_host.decode("ascii")))
    return url, literal


def _parse(text: str) -> httpx.URL:
    _check_length(text)
    if not text.isprintable() or " " in text or "\\" in text:
        reason = "must not hold spaces, control characters or backslashes"
        raise UrlRefused(reason)
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as exc:
        reason = "must be a valid URL"
        raise UrlRefused(reason) from exc
    if url.scheme not in _WEB_PORTS:
        reason = "must be an https URL"
        raise UrlRefused(reason)
    _check_authority(text)
    if url.port is not None and not 1 <= url.port <= _MAX_PORT:
        reason = "must be a valid URL"
        raise UrlRefused(reason)
    return url


def _joined(base: httpx.URL, location: str) -> str:
    _check_length(location)  # first: to take 60,000 characters apart takes its time
    _check_authority(location)
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError) as exc:  # ValueError: urllib's, which joins
        reason = "must be a valid URL"
        raise UrlRefused(reason) from exc


def _check_length(text: str) -> None:
    if len(text) > MAX_URL:
        reason = f"must have at most {MAX_URL} characters"
        raise UrlRefused(reason)


def _check_authority(text: str) -> None:
    """Refuse user info, also an empty one, and ports that not every parser reads alike. `text` may be relative."""
    match = _AUTHORITY.match(text)
    authority = "" if match is None else match[1]
    if "@" in authority:
        reason = "must not carry a user name or a password"
        raise UrlRefused(reason)
    if not _HOST_AND_PORT.fullmatch(authority):
        reason = "must be a valid URL"
        raise UrlRefused(reason)


def _literal(host: str) -> Address | None:
    """The address that `host` spells, None for a name. Raises UrlRefused for a spelling that is not canonical."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if str(address) != host or "%" in host:
        reason = "must write its address in the canonical form, without a zone"
        raise UrlRefused(reason)
    return address


def _canonical_name(host: str) -> str:
    """The name in lower-case ASCII without its trailing dot; httpx has done IDNA. Raises UrlRefused for no name."""
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        reason = "must name a host"
        raise UrlRefused(reason)
    if _NUMBER.fullmatch(labels[-1]):
        reason = "must write its address in the canonical form, as in 192.0.2.1"
        raise UrlRefused(reason)
    return name


def _is_inside_name(host: str) -> bool:
    """Whether `host` is a name (no literal) that only a private resolver can know."""
    return (":" not in host and "." not in host) or host.endswith(_INSIDE_SUFFIXES)
