"""What can be wrong with a media file. `refusals.py` translates; none of these leave the package."""

from typing import ClassVar


class NotTaken(Exception):
    """The file is of a format that is not taken, or of none. `kind` names it ("a playlist") if it is known."""

    def __init__(self, *, kind: str | None = None) -> None:
        super().__init__(kind or "no known format")
        self.kind = kind


class Excessive(Exception):
    """More of something than is taken. `message` says what a file must be or have: "must last at most 60 seconds"."""

    def __init__(self, *, must: str) -> None:
        self.message = f"must {must}"
        super().__init__(self.message)


class NoPlainFile(Exception):
    """The path leads to a link, a folder, a pipe or a device."""


class OtherFile(Exception):
    """The file refers to another one."""


class Damaged(ValueError):
    """The file does not have the structure of its format, or ends too early. `found` is for the log."""

    told: ClassVar[str] = "is damaged: it cannot be read as video or sound"

    def __init__(self, *, found: str) -> None:
        super().__init__(found)


class Overdrawn(Exception):
    """The same bytes are read again and again, or reading takes too long."""
