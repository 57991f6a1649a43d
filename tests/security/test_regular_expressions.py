"""No regular expression of the worker takes more than linear time, whatever text it is given."""

import ast
import heapq
import importlib
import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = sorted(
    path for folder in ("domain", "application", "adapters", "entrypoints") for path in (ROOT / folder).rglob("*.py")
)
FUNCTIONS: Final = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
BUILT_INSIDE: Final = {"adapters.telemetry.redaction": r"(?<![\w.-])/srv/app(?![\w-]|\.\w)"}
"""Expressions that a function builds, as they come out for one folder."""

CHARACTERS: Final = ("a", "0", "_", "-", ".", "/", ":", "@", " ", "\n", "?", '"', "é", "。")
TAILS: Final = ("", "\0")
SHORT: Final = 1_000
LONG: Final = 100_000
SECONDS: Final = 0.5
"""CPU time for LONG characters, with room for a slow machine: 5 ns for each pair would be 50 s."""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of `re`'s functions."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in FUNCTIONS
        ):
            yield node


def flags(call: ast.Call) -> re.RegexFlag:
    named = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    found = re.NOFLAG
    for flag in re.RegexFlag:
        found |= flag if flag.name in named else re.NOFLAG
    return found


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@attrs.frozen
class Expression:
    """`only_at_start`: it is matched once, from the text's first character on."""

    pattern: re.Pattern[str]
    only_at_start: bool = False


def collected() -> dict[str, Expression]:
    """Every expression of the sources by where it stands; those of bytes as if they were of text."""
    found: dict[str, Expression] = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module, names = module_of(path), names_in(tree)
        for call in calls(tree):
            place = f"{module}:{call.lineno}"
            name = names.get(id(call))
            at_start = methods(tree, call, name) <= {"match", "fullmatch"}
            match call.args[0]:
                case ast.Constant(value=str(text)):
                    found[place] = Expression(re.compile(text, flags(call)), at_start)
                case ast.Constant(value=bytes(text)):
                    found[place] = Expression(re.compile(text.decode("latin-1"), flags(call)), at_start)
                case _ if name is not None:
                    found[place] = Expression(getattr(importlib.import_module(module), name), at_start)
                case _ if is_inside(tree, call):
                    found[place] = Expression(re.compile(BUILT_INSIDE[module]))
                case _:
                    held = patterns_in(vars(importlib.import_module(module)))
                    found |= {f"{place}:{number}": Expression(pattern) for number, pattern in enumerate(held)}
    return found


def is_inside(tree: ast.Module, call: ast.Call) -> bool:
    """Whether the call stands in a function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    return any(node is call for function in functions for node in ast.walk(function))


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    """The expressions in a module's names, and in tuples and the like."""
    match value:
        case re.Pattern():
            yield value
        case dict():
            yield from patterns_in([item for name, item in value.items() if not str(name).startswith("__")])
        case tuple() | list():
            for item in value:
                yield from patterns_in(item)
        case _:
            """Something else."""


def names_in(tree: ast.Module) -> dict[int, str]:
    """The module's names for what its top level calls."""
    return {
        id(statement.value): statement.target.id
        for statement in tree.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }


def methods(tree: ast.Module, call: ast.Call, name: str | None) -> set[str]:
    """What the module does with an expression; "search" where that is not plain to see."""
    own = call.func.attr if isinstance(call.func, ast.Attribute) else "search"
    if own != "compile":
        return {own}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    return used or {"search"}


EXPRESSIONS: Final = collected()


def attacks(expression: Expression, length: int) -> Iterator[str]:
    """Texts of about `length` characters: runs and repeated pairs of characters and of the expression's own words."""
    source = re.sub(r"\\[A-Za-z]", " ", expression.pattern.pattern)
    words = dict.fromkeys(re.findall(r"[A-Za-z_]{3,}|://", source)[:8])
    for first, second in itertools.product((*words, *CHARACTERS), repeat=2):
        for tail in TAILS:
            yield (first + second) * (length // len(first + second)) + tail
            yield first + second * (length // len(second)) + tail


def seconds(expression: Expression, text: str) -> float:
    """CPU time of both kinds of anchored match, and of a search that goes on behind each match."""
    begin = time.thread_time()
    expression.pattern.match(text)
    expression.pattern.fullmatch(text)
    if not expression.only_at_start:
        expression.pattern.sub("", text)
    return time.thread_time() - begin


def slowest(expression: Expression, length: int) -> float:
    """CPU time for the worst of the long texts: one of those three that were the worst when they were short."""
    short = enumerate(attacks(expression, SHORT))
    ranked = heapq.nlargest(3, short, key=lambda numbered: seconds(expression, numbered[1]))
    worst = {number for number, _ in ranked}
    return max(seconds(expression, text) for number, text in enumerate(attacks(expression, length)) if number in worst)


def test_every_expression_is_found() -> None:
    assert len(EXPRESSIONS) > 40
    assert {place.split(":")[0] for place in EXPRESSIONS} >= {
        "domain.naming",
        "domain.lora",
        "adapters.http.guard",
        "adapters.telemetry.redaction",
        "adapters.wire.requests",
        "entrypoints.job_input",
    }


def test_no_expression_hides_behind_another_name() -> None:
    hiding = re.compile(r"^\s*(from re import|import (regex|re2|re as)\b)", re.MULTILINE)
    assert [path for path in SOURCES if hiding.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_no_text_takes_more_than_linear_time(place: str) -> None:
    for length in (LONG // 10, LONG):
        assert slowest(EXPRESSIONS[place], length) < SECONDS, EXPRESSIONS[place].pattern.pattern


@pytest.mark.parametrize("text", [r"\w+://\S+", r"(https?://[^\s?]+)\?\S*", r"\beyJ[\w-]{8,}\.", r"\s+$"])
def test_expressions_that_are_not_linear_are_recognised(text: str) -> None:
    expression = Expression(re.compile(text))
    assert slowest(expression, 4_000) > 8 * slowest(expression, 1_000)
