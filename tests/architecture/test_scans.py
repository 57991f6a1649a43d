"""The two scans say no when they should: planted secrets are found, and an advisory source that is silent is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def scan(file: Path) -> subprocess.CompletedProcess[str]:
    """As `make check` runs it."""
    flags = re.search(r"^SECRETS := (.+)$", MAKEFILE, re.MULTILINE)
    assert flags is not None
    command = [Path(sys.executable).with_name("detect-secrets-hook"), *flags[1].split(), file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def joined(*parts: str) -> str:
    """A secret that does not stand in this file as one."""
    return "".join(parts)


@pytest.mark.parametrize(
    "line",
    [
        joined("aws = '", "AKIA", "IOSFODNN7", "ABCDEFG'"),
        joined("password", " = 'correct-horse-", "battery'"),
        joined("SUPABASE_SECRET_KEY", " = 'sb_secret", "_A1b2C3d4E5f6'"),
        joined("-----BEGIN ", "PRIVATE KEY", "-----"),
        joined("url = 'https://user:", "s3cr3tpass", "@example.com'"),
        joined("t = 'eyJhbGciOiJIUzI1NiJ9.", "eyJyb2xlIjoic2VydmljZV9yb2xlIn0.", "c2lnbmF0dXJl'"),
        joined("github = 'gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'"),
    ],
    ids=["aws", "password", "supabase", "private-key", "url", "jwt", "github"],
)
def test_a_planted_secret_is_found(line: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"x = 1\n{line}\n", encoding="utf-8")
    done = scan(file)
    assert done.returncode == 1
    assert "settings.py:2" in done.stdout + done.stderr


def test_a_file_without_secrets_passes(tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text("revision = '2b7d3d1f0c9a4e5b8a6f7c1d2e3f4a5b6c7d8e9f'\n", encoding="utf-8")
    assert scan(file).returncode == 0


def test_the_check_scans_every_file_that_is_committed() -> None:
    recipe = MAKEFILE.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook $(SECRETS)" in recipe


def test_an_advisory_source_that_does_not_answer_is_told_and_not_taken_for_a_clean_bill() -> None:
    nowhere = "http://127.0.0.1:9"
    environ = {"PATH": "/usr/bin:/bin", "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
    command = [sys.executable, str(ROOT / "requirements" / "audit.py")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "NOT checked" in done.stderr
