"""How a switch says that it cannot do what it says."""

from domain.errors import Fault, SettingsInvalid


def refusal(variable: str, message: str) -> SettingsInvalid:
    """The error to raise; `message` follows the variable's name: "is "sage", which needs …"."""
    fault = Fault(variable, message)
    return SettingsInvalid(str(fault), faults=(fault,))
