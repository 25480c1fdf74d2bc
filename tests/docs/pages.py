"""What the tests of the documentation read: pages, their links and tables, and what the code says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RULE = re.compile(r"\|[\s|:-]+\|")
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(page: str) -> list[str]:
    """The explicit anchors, in order."""
    return re.findall(r'<a id="([\w-]+)"></a>', page)


def heading_anchors(page: str) -> set[str]:
    """The anchors a renderer makes of headings: lower case, words joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: str) -> list[str]:
    """Targets of Markdown links, but for addresses on the web."""
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", page) if "://" not in target]


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or higher."""
    level = len(heading) - len(heading.lstrip("#"))
    _, found, rest = page.partition(f"\n{heading}\n")
    assert found, f"no heading {heading}"
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(part: str) -> list[list[str]]:
    """Cells of all table rows, without heads and rules."""
    lines = [line.strip() for line in part.splitlines()] + [""]
    found = []
    for line, below in pairwise(lines):
        if line.startswith("|") and not RULE.fullmatch(line) and not RULE.fullmatch(below):
            found.append([cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")])
    return found


def code(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def dag_ids() -> frozenset[str]:
    """The first arguments of all ``DAG(…)`` in dags/."""
    found = set()
    for path in (ROOT / "dags").glob("*.py"):
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DAG":
                assert isinstance(node.args[0], ast.Constant)
                found.add(str(node.args[0].value))
    return frozenset(found)


@cache
def messages() -> tuple[str, ...]:
    """Every string of our code, with ``…`` where a value is filled in."""
    sources = [path for folder in ("plugins", "include", "dags") for path in (ROOT / folder).rglob("*.py")]
    return tuple(found for path in sources for found in _strings(ast.parse(text(path))))


def _strings(tree: ast.AST) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[sd]|{}", "…", node.value)


def is_said(line: str) -> bool:
    """Whether one string of the code says this line; ``…`` in it stands for anything."""
    parts = [part for part in re.split(r"\s*…\s*", line) if part]
    pattern = re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
    return any(pattern.search(message) for message in messages())
