"""How a variable is declared: a field of an attrs class that carries its row of the table."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

FLAG: Final = "`true` or `false` (also 1/0, yes/no, on/off)"
FOLDER: Final = "a folder"
PRINTABLE: Final = "printable ASCII without spaces"
NOT_SET: Final = "not set"
_ROW: Final = "variable"


@attrs.frozen(kw_only=True)
class Variable:
    """One row of the table."""

    default: str
    """As the docs show it."""
    accepted: str
    """Follows "must be"."""
    meaning: str
    secret: bool


def variable(default: object, accepted: str, meaning: str, *, shown: str | None = None, secret: bool = False) -> Any:  # noqa: ANN401 - the type is that of the annotated field
    """Declare a variable. `shown` describes the default where its value does not."""
    if shown is None:
        shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
    row = Variable(default=shown, accepted=accepted, meaning=meaning, secret=secret)
    return attrs.field(default=default, metadata={_ROW: row})


def rows_of(group: type[Any]) -> Mapping[str, Variable]:
    """The rows of the variables that the class `group` declares, by name."""
    return {field.name: field.metadata[_ROW] for field in attrs.fields(group)}
