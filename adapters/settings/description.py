"""The effective settings in plain JSON values, fit for the start-up log line."""

import ipaddress
from pathlib import Path

from cattrs import Converter

from adapters.settings.schema import Settings
from domain.secret import Secret


def describe(settings: Settings) -> dict[str, object]:
    """All settings, nested as in `Settings`, with secrets masked."""
    converter = Converter(unstruct_collection_overrides={frozenset: sorted, tuple: list})
    for kind in (Secret, Path, ipaddress.IPv4Network, ipaddress.IPv6Network):
        converter.register_unstructure_hook(kind, str)
    described: dict[str, object] = converter.unstructure(settings)
    return described
