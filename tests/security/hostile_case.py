"""One hostile URL, and the attacker's places."""

import re
from typing import Final, Literal

import attrs

from tests.security.attack_server import Script

Code = Literal["input_refused", "input_unavailable", "input_unreadable"]

ATTACKER: Final = "attacker.example"
"""The attacker's domain; the tests' certificate is for it and every host in it."""
PUBLIC: Final = "93.184.216.34"
"""The attacker's public address: port 443 is the attack server, port 80 takes connections and says nothing."""
CLOSED: Final = "93.184.216.35"
"""A public address where nobody listens."""
HANGS: Final = "slow-dns." + ATTACKER
"""A name whose resolver does not answer."""


@attrs.frozen(kw_only=True)
class HostileUrl:
    """One case. `answers`: what the resolver says for the URL's host; () leaves it to the network's own rule.

    `script`: what the attack server answers for the URL's path. `slow`: it uses its time up.
    """

    family: str
    name: str
    reason: str
    url: str = attrs.field(repr=False)
    code: Code = "input_refused"
    answers: tuple[str, ...] = ()
    script: Script | None = attrs.field(default=None, repr=False)
    slow: bool = False

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.family}: {self.name}"

    @property
    def dials(self) -> bool:
        """Whether anything may be dialled for it: the attacker's public address, for the first URL."""
        return self.script is not None or self.family in {"two readings", "odd destination"}

    @property
    def job_codes(self) -> frozenset[str]:
        """What a whole job may end with: some texts (too long, no Unicode) are no valid request to begin with."""
        return frozenset({self.code} if self.dials else {self.code, "invalid_input"})


def slug(text: str) -> str:
    """`text` as a label of a host name or a part of a path."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
