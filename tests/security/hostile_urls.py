"""The corpus of hostile URLs: each with its name, what it tries, and the code that its job has to end with."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import attrs

from tests.security.attack_server import Script
from tests.security.hostile_answers import (
    BROKEN_ANSWERS,
    REFUSED_ANSWERS,
    SLOW_ANSWERS,
    UNREADABLE_ANSWERS,
    redirect,
)
from tests.security.hostile_case import ATTACKER, CLOSED, HANGS, PUBLIC, Code, HostileUrl, slug
from tests.security.hostile_hosts import INSIDE_NAMES, LOOPBACK_6, forbidden_addresses, in_url, spellings
from tests.security.hostile_texts import HARMLESS_TARGETS, HARMLESS_TEXTS, REDIRECT_TARGETS, REFUSED_TEXTS


def corpus() -> tuple[HostileUrl, ...]:
    """All cases."""
    families = (
        _literals,
        _names,
        _mixed_names,
        _spellings,
        _inside_names,
        _texts,
        _odd_destinations,
        _redirects,
        _answers,
    )
    return tuple(case for family in families for case in family())


def texts(scheme: str, port: str = "") -> tuple[HostileUrl, ...]:
    """The cases that are hostile by their text alone, with another scheme and a port (":8080")."""
    return tuple(
        attrs.evolve(case, url=f"{scheme}://{host}{port}/p.png")
        for family in (_literals, _spellings, _inside_names)
        for case in family()
        if (host := case.url.removeprefix("https://").removesuffix("/p.png"))
    )


def scripts() -> dict[str, Script]:
    """What the attack server answers, by path."""
    cases = {urlsplit(case.url).path: case.script for case in corpus() if case.script is not None}
    chain = {f"/chain/{step}": redirect(f"/chain/{step + 1}") for step in range(1, 50)}
    return {**cases, **chain, "/chain/50": redirect("/good.png")}


def _literals() -> Iterator[HostileUrl]:
    for name, address in forbidden_addresses().items():
        yield HostileUrl(
            family="literal", name=name, reason="an address that is not public", url=f"https://{in_url(address)}/p.png"
        )


def _names() -> Iterator[HostileUrl]:
    for name, address in forbidden_addresses().items():
        yield HostileUrl(
            family="name",
            name=name,
            reason="a name that leads to an address that is not public",
            url=f"https://only-{slug(name)}.{ATTACKER}/p.png",
            answers=(address,),
            code="input_unavailable",
        )


def _mixed_names() -> Iterator[HostileUrl]:
    orders: dict[str, Callable[[str], tuple[str, ...]]] = {
        "second": lambda address: (PUBLIC, address),
        "first": lambda address: (address, PUBLIC),
        "fourth": lambda address: (PUBLIC, CLOSED, PUBLIC, address),
        "behind a closed one": lambda address: (CLOSED, address),
    }
    for name, address in forbidden_addresses().items():
        for order, answers in orders.items():
            if order == "second" or name in {"another loopback", "loopback 6", "metadata", "NAT64 127.0.0.2"}:
                yield HostileUrl(
                    family="mixed name",
                    name=f"{name} {order}",
                    reason="public and other answers: one is checked, the other dialled",
                    url=f"https://{order.replace(' ', '-')}-{slug(name)}.{ATTACKER}/p.png",
                    answers=answers(address),
                    code="input_unavailable",
                )


def _spellings() -> Iterator[HostileUrl]:
    for address in ("127.0.0.2", "169.254.169.254"):
        for how, host in spellings(address):
            yield HostileUrl(
                family="spelling",
                name=f"{address} {how}",
                reason="some resolver or parser takes it for the address",
                url=f"https://{host}/p.png",
            )
    for how, host in LOOPBACK_6.items():
        yield HostileUrl(
            family="spelling", name=f"::1 {how}", reason="loopback, written oddly", url=f"https://{host}/p.png"
        )


def _inside_names() -> Iterator[HostileUrl]:
    for host in INSIDE_NAMES:
        yield HostileUrl(
            family="inside name",
            name=ascii(host)[1:-1],
            reason="a name that only a resolver inside knows, or that folds to one",
            url=f"https://{host}/p.png",
        )


def _texts() -> Iterator[HostileUrl]:
    for reason, urls in REFUSED_TEXTS.items():
        for name, url in urls.items():
            yield HostileUrl(family=reason.split(":", maxsplit=1)[0], name=name, reason=reason, url=url)
    for name, url in HARMLESS_TEXTS.items():
        reason = "one parser's host is another's path"
        yield HostileUrl(family="two readings", name=name, reason=reason, url=url, code="input_unavailable")


def _odd_destinations() -> Iterator[HostileUrl]:
    rows = {
        "nobody listens": (f"https://closed.{ATTACKER}/", (CLOSED,), False),
        "no such name": (f"https://missing.{ATTACKER}.invalid/", (), False),
        "no TLS": (f"https://{ATTACKER}:80/", (), True),
        "another's certificate": ("https://not-the-attackers.test/", (PUBLIC,), False),
        "the address itself": (f"https://{PUBLIC}/", (), False),
        "a resolver that hangs": (f"https://{HANGS}/", (), True),
    }
    for name, (url, answers, slow) in rows.items():
        yield HostileUrl(
            family="odd destination",
            name=name,
            reason="nothing there that could be trusted",
            url=url,
            answers=answers,
            code="input_unavailable",
            slow=slow,
        )


def _redirects() -> Iterator[HostileUrl]:
    for name, target in REDIRECT_TARGETS.items():
        yield _scripted("redirect", name, "the first URL is fine, the second is not", redirect(target))
    for name, target in HARMLESS_TARGETS.items():
        reason = "one parser's host is another's path"
        yield _scripted("redirect", name, reason, redirect(target), code="input_unavailable")
    for status in (301, 302, 303, 307, 308):
        yield _scripted("redirect", f"status {status}", "each kind is checked", redirect("https://127.0.0.2/", status))
    inside = HostileUrl(
        family="redirect",
        name="a name that leads inside",
        reason="each hop is resolved and checked",
        url=f"https://{ATTACKER}/to-a-name",
        script=redirect(f"https://only-metadata.{ATTACKER}/"),
        code="input_unavailable",
    )
    yield inside
    yield _scripted("redirect", "loop", "without end", redirect("/redirect-loop"))
    yield _scripted("redirect", "loop with a query", "without end, and never the same URL", redirect("?again"))
    yield _scripted(
        "redirect", "slow loop", "each hop takes its time", _slow_redirect, slow=True, code="input_unavailable"
    )
    yield _scripted("redirect", "chain of 50", "more hops than anybody needs", redirect("/chain/1"))


def _slow_redirect() -> Iterator[bytes | float]:
    yield 0.2
    yield from redirect("/redirect-slow-loop")()


def _answers() -> Iterator[HostileUrl]:
    for name, script in REFUSED_ANSWERS.items():
        yield _scripted("answer", name, "more than is taken", script)
    for name, script in BROKEN_ANSWERS.items():
        yield _scripted("answer", name, "no answer that could be used", script, code="input_unavailable")
    for name, script in UNREADABLE_ANSWERS.items():
        yield _scripted("answer", name, "no picture, and nothing that is followed", script, code="input_unreadable")
    for name, script in SLOW_ANSWERS.items():
        yield _scripted("slow answer", name, "holds the worker", script, code="input_unavailable", slow=True)


def _scripted(
    family: str, name: str, reason: str, script: Script, *, code: Code = "input_refused", slow: bool = False
) -> HostileUrl:
    path = slug(f"{family} {name}")
    return HostileUrl(
        family=family, name=name, reason=reason, url=f"https://{ATTACKER}/{path}", script=script, code=code, slow=slow
    )
