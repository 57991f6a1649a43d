"""Environments to begin with, and how the wrong ones are told."""

import base64
import json
from collections.abc import Mapping

import pytest

from adapters.settings.environment import read_settings
from domain.errors import SettingsInvalid

LOCAL = {"STORAGE_BACKEND": "local", "HOME": "/home/me"}
SUPABASE = {
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_SERVICE_ROLE_KEY": "service-role-key",
    "HOME": "/home/me",
}


def faults(environ: Mapping[str, str]) -> dict[str, str]:
    """Name and message of every wrong variable, in their order."""
    with pytest.raises(SettingsInvalid) as error:
        read_settings(environ)
    assert error.value.message == "Wrong settings: " + "; ".join(map(str, error.value.faults))
    return {fault.path: fault.message for fault in error.value.faults}


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.c2lnbmF0dXJl"
