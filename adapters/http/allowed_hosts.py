"""The hosts that a caller may have something sent to, or fetched from."""

import attrs


@attrs.frozen
class AllowedHosts:
    """Exact host names or addresses, and suffixes with their dot (".example.com"), in lower case. Empty: nobody.

    `setting` is the variable that lists them, for the message to a caller.
    """

    entries: frozenset[str] = frozenset()
    setting: str = "the worker's settings"

    def allows(self, host: str) -> bool:
        """Whether `host` (canonical: lower-case ASCII, without a trailing dot) is listed, or below a suffix."""
        return any(
            host.endswith(entry) and host != entry if entry.startswith(".") else host == entry for entry in self.entries
        )

    def refusal(self, host: str) -> str | None:
        """Why nothing may be sent to `host`, as it follows the field's name; None if something may."""
        if self.allows(host):
            return None
        if not self.entries:
            return f"is not accepted by this worker: {self.setting} names no host"
        return f"must lead to a host that {self.setting} names"
