"""What the start-up line and the docs tell of the settings."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.settings.description import describe
from adapters.settings.environment import read_settings
from adapters.settings.table import document
from adapters.settings.variables import TABLE

_ROOT = Path(__file__).parents[4]


def test_the_description_is_json_and_holds_no_secret() -> None:
    settings = read_settings(
        {
            "SUPABASE_URL": "https://abc.supabase.co",
            "SUPABASE_SECRET_KEY": "sb_secret_abc",  # pragma: allowlist secret
            "HF_TOKEN": "hf_abc",
            "HF_HOME": "/hf",
            "INPUT_ALLOW_PRIVATE_HOSTS": "b,a,10.0.0.0/8,fd00::/8",
        }
    )
    text = json.dumps(describe(settings), allow_nan=False)
    assert "_abc" not in text
    described = json.loads(text)
    assert described["store"]["config"]["key"] == described["model"]["token"] == "********"
    assert described["store"]["config"]["url"] == "https://abc.supabase.co"
    assert described["model"]["hub_cache"] == "/hf/hub"
    assert described["http"]["private_hosts"] == ["a", "b"]
    assert described["http"]["private_networks"] == ["10.0.0.0/8", "fd00::/8"]
    assert described["limits"] == {"num_frames": 1025, "pixels": 2088960, "seconds": 20.0}


def test_the_repr_of_settings_holds_no_secret() -> None:
    environ = {
        "SUPABASE_URL": "https://abc.supabase.co",
        "SUPABASE_SECRET_KEY": "sb_secret_abc",  # pragma: allowlist secret
        "HF_HOME": "/hf",
    }  # pragma: allowlist secret
    assert "sb_secret_abc" not in repr(read_settings(environ))


def test_the_configuration_page_is_up_to_date() -> None:
    page = (_ROOT / "docs" / "configuration.md").read_text()
    assert page == document(), "run: python -m adapters.settings.table > docs/configuration.md"


@pytest.mark.parametrize("name", list(TABLE))
def test_every_variable_is_documented_with_its_values(name: str) -> None:
    row = next(line for line in document().splitlines() if line.startswith(f"| `{name}` |"))
    assert row == f"| `{name}` | {TABLE[name].default} | {TABLE[name].accepted} | {TABLE[name].meaning} |"
    assert row.count("|") == 5


def test_every_secret_is_marked() -> None:
    assert [name for name, row in TABLE.items() if row.secret] == [
        "HF_TOKEN",
        "SUPABASE_SERVICE_ROLE_KEY",
        "SUPABASE_SECRET_KEY",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "S3_SESSION_TOKEN",
        "BUCKET_ACCESS_KEY_ID",
        "BUCKET_SECRET_ACCESS_KEY",
        "GCS_SERVICE_ACCOUNT_KEY",
        "AZURE_STORAGE_KEY",
        "WEBHOOK_URL",
        "WEBHOOK_SECRET",
        "RUNPOD_WEBHOOK_GET_JOB",
    ]


def test_reading_settings_loads_no_heavy_package() -> None:
    heavy = {"torch", "numpy", "httpx", "av", "PIL", "runpod", "storage3", "supabase", "diffusers", "huggingface_hub"}
    code = (
        "import sys, adapters.settings.environment, adapters.settings.description, adapters.wire.codec; "
        f"print(sorted({heavy!r} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_module_prints_the_page() -> None:
    command = [sys.executable, "-m", "adapters.settings.table"]
    run = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == document()
