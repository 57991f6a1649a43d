"""SECURITY.md's table of threats: every defence has a test that exists, and every test of defences is in it."""

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
LINK: Final = re.compile(r"\]\(([^)#\s]+)\)")
HEAD: Final = "| who | tries | defence | test |"


def threats() -> list[list[str]]:
    """The rows of the table, cells in their order."""
    table = TEXT[TEXT.index(HEAD) :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def functions_in(path: Path) -> list[str]:
    return [node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]


def test_there_are_enough_threats_and_each_row_is_whole() -> None:
    assert len(threats()) >= 20
    assert [row for row in threats() if len(row) != 4 or not all(row)] == []
    assert len({row[1] for row in threats()}) == len(threats())


def test_every_defence_links_to_tests_that_exist() -> None:
    for who, tries, _, tests in threats():
        links = LINK.findall(tests)
        assert links, (who, tries)
        for link in links:
            path = ROOT / link
            assert path.is_file(), link
            is_test = link.startswith("tests/") and any(name.startswith("test_") for name in functions_in(path))
            assert is_test or link.startswith("fuzz/") or link == "Makefile", link


def test_every_file_of_security_tests_is_in_the_table() -> None:
    linked = set(LINK.findall(TEXT[TEXT.index(HEAD) :]))
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "security").glob("test_*.py")}
    assert len(files) > 5
    assert files - linked == set()


def test_readers_are_told_of_it() -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "(SECURITY.md)" in (ROOT / page).read_text(encoding="utf-8")
