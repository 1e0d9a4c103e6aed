"""Nothing stands in the programs that nothing uses: a cheap look at names, not a proof."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ("exchange", "serverkit", "central", "satellite", "agent")
USERS = (*PROGRAMS, "tests", "tools", "demo", "packaging")
WORD = re.compile(r"[A-Za-z_]\w*")
DEFINED = re.compile(r" *class (\w+)| *(?:async )?def (\w+)|([A-Za-z_]\w*)(?:: [^=]+)? = ")
PLAIN = re.compile(r" *@(property|cached_property|staticmethod|classmethod|contextmanager|cache)$")
BY_LIBRARIES = {
    "proxy_headers", "cert_verify",  # requests calls them
    "load_config",  # gunicorn calls it
    "OlderThanAppliedError", "AlreadyAppliedError",  # outcomes of an import that documents describe like refusals
    "ROLES_AND_REASONS",  # texts that the catalogue of translations is made from
}  # fmt: skip


def defined(text: str) -> Iterator[str]:
    """Names that a module defines and no decorator registers elsewhere."""
    registered = False
    for line in text.splitlines():
        if line.lstrip().startswith("@"):
            registered = registered or not PLAIN.match(line)
            continue
        found = DEFINED.match(line)
        if found and (found[1] or not registered):
            yield found[1] or found[2] or found[3]
        registered = registered and not line.strip().endswith(":")


@pytest.mark.repository_rule
def test_each_function_class_and_constant_is_named_a_second_time_somewhere() -> None:
    """What only its own definition names is called by no one: it is deleted, or a library's that is listed here."""
    words: Counter[str] = Counter()
    names: dict[str, Path] = {}
    for top in USERS:
        for path in (ROOT / top).rglob("*"):
            if path.suffix not in {".py", ".html", ".toml", ".sh"} or path == Path(__file__):
                continue
            text = path.read_text(encoding="utf-8")
            words.update(WORD.findall(text))
            if top in PROGRAMS and path.suffix == ".py" and "migrations" not in path.parts:
                names |= {name: path.relative_to(ROOT) for name in defined(text)}
    dead = {
        name: str(path)
        for name, path in names.items()
        if words[name] < 2 and not name.startswith("__") and name not in BY_LIBRARIES
    }

    assert dead == {}
