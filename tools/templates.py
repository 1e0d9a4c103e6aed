"""Find the templates of refusals, alerts and causes in the sources, so that catalogues hold them beside the words of pages.

They are found where they stand: `message` and `remedy` of refusals, what a refusal is raised with, what an alert says,
and the rows of causes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOTS = ("exchange", "serverkit", "satellite", "central", "agent")
NEVER_ON_PAGES = (
    "/__main__.py",
    "/cli/",
    "/codes/",
    "/compat/",
    "/db/engine.py",
    "/db/migrate.py",
    "/device/",
    "/device_api/",
    "/devices/",
    "/founding.py",
    "/http/lenient",
    "/http/oauth.py",
    "/migrations/",
    "/startup.py",
)
"""Sources that speak at commands, at starts, to devices and to programs only."""
SAYING = frozenset({"said", "Remedy", "Filled"})


@cache
def refusals() -> frozenset[str]:
    """The names of all classes of refusals."""
    bases: dict[str, set[str]] = {}
    for root in ROOTS:
        for _file, tree in _trees(root):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    bases.setdefault(node.name, set()).update(name for base in node.bases if (name := _name(base)))
    known = {"Refusal"}
    while more := {name for name, of in bases.items() if of & known} - known:
        known |= more
    return frozenset(known)


def templates_of(root: str) -> Iterator[str]:
    """The templates in the sources of a package which a page may show."""
    for file, tree in _trees(root):
        if any(part in f"/{file}" for part in NEVER_ON_PAGES):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in refusals():
                yield from _of_class(node)
            elif isinstance(node, ast.Call):
                yield from _of_call(node)


def _of_class(node: ast.ClassDef) -> Iterator[str]:
    for one in node.body:
        if isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            if {_name(target) for target in targets} & {"message", "remedy"}:
                yield from _texts([one.value])


def _of_call(node: ast.Call) -> Iterator[str]:
    name = _name(node.func)
    if name == "map" and _name(node.args[0]) == "Filled":
        yield from _texts(getattr(node.args[1], "elts", []))
    elif name == "_causes":
        for row in node.args[1:]:
            yield from _texts(row.elts[1:] if isinstance(row, ast.Tuple) else [])
    elif name in SAYING or name in refusals():
        yield from _texts([*node.args[:1], *(word.value for word in node.keywords if word.arg == "remedy")])


def _texts(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    """Constant texts, on either side of a condition too."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _texts([node.body, node.orelse])


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def _trees(root: str) -> list[tuple[str, ast.Module]]:
    files = sorted((ROOT / root).rglob("*.py"))
    return [(str(file.relative_to(ROOT)), ast.parse(file.read_text("utf-8"))) for file in files]
