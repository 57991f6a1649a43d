"""What a store says of an error, made fit to be shown."""

import re
from typing import Final

_LIMIT: Final = 200
_ADDRESS: Final = re.compile(r"(?<!\w)\w+://\S+")  # looks at each run of letters once
_MARKUP: Final = re.compile(r"<[!/a-zA-Z]")


def presentable(message: str, hidden: tuple[str, ...]) -> str:
    """`message` on one line of at most 200 characters, without addresses and `hidden` texts; "" for markup."""
    if _MARKUP.search(message):
        return ""
    message = _ADDRESS.sub("…", message)  # whole addresses before the names in them
    for text in hidden:
        message = message.replace(text, "…")
    line = " ".join(message.split())
    return line if len(line) <= _LIMIT else line[: _LIMIT - 1] + "…"
