"""The documents and the code name the same things: settings, codes, alerts, commands, columns, rows, decisions.

`python tests/meta/test_docs.py --write` writes the tables that are made from the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agent.errors import AgentError
from central.app import URLS as CENTRAL_URLS
from central.domain.alerts.rules import CATALOGUE as CENTRAL_ALERTS
from central.domain.catalogue import services as catalogue
from central.domain.export_control.rules import MESSAGES
from central.domain.ledger import rules as ledger
from central.domain.policies.rules import POLICIES
from central.settings import CentralSettings
from exchange.device.problems import DEVICE_PROBLEMS
from exchange.errors import ExchangeError
from exchange.refusal import Refusal, Remedy
from exchange.vocabulary import PrivacyField
from satellite.app import URLS as SATELLITE_URLS
from satellite.core.alerts.rules import CATALOGUE as SATELLITE_ALERTS
from satellite.core.site.causes import CAUSES, Stage
from satellite.settings import SatelliteSettings
from serverkit.alerts.engine import AlertKind
from serverkit.errors import AppError
from serverkit.http.operations import alternatives
from tools.commands import PACKAGES, PROGRAMS, commands, import_all

ROOT = Path(__file__).resolve().parents[2]
DOCS, ADMIN = ROOT / "docs", ROOT / "docs" / "admin"
# Codes that no class of refusals carries.
WITHOUT_CLASS = {
    "invalid_entitlement": (
        "The server cannot authorize the licence for this device: it is not meant for this product, or no statement of central covers it.",
        "Choose the licence for the product; synchronize the satellite.",
    ),
    "signature_not_checked": (
        "No root was given, so the signature was not checked.",
        "Name the vendor's root file with --root.",
    ),
    "usage": ("The command line is wrong.", "Run the command with --help."),
    "internal_error": ("The program failed.", "Search the log for the reference in the message."),
}


# -- what the code has ----------------------------------------------------------------------------------------------


def _subclasses(root: type[Exception]) -> Iterator[Any]:
    yield root
    for one in root.__subclasses__():
        yield from _subclasses(one)


def refusals(root: type[Refusal]) -> list[tuple[str, str, Remedy]]:
    """Code, meaning and remedy of each class of a tree of refusals."""
    import_all()
    found = set()
    for one in _subclasses(root):
        if one.__module__.partition(".")[0] in PACKAGES:
            found.add((one.code, one.message, one.remedy))
    return sorted(found)


def settings(model: type[BaseModel], before: str = "") -> dict[str, Any]:
    """Settings by name with their defaults."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            inner = settings(type(field.default), f"{before}{name}.")
            found |= {key: getattr(field.default, key.rpartition(".")[2]) for key in inner}
        else:
            found[before + name] = field.default
    return found


def row_codes() -> set[str]:
    """Codes of faulty lines that stand as plain words in the code."""
    found = set()
    for path in (*ROOT.glob("central/**/*.py"), *ROOT.glob("serverkit/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RowError" and node.args:
                word = node.args[0]
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    found.add(word.value)
    return found


# -- what the documents have ----------------------------------------------------------------------------------------


def page(name: str) -> str:
    """The text of a page for administrators."""
    return (ADMIN / name).read_text("utf-8")


def section(text: str, title: str) -> str:
    """The part of a page under a heading."""
    _, found, rest = text.partition(f"\n## {title}\n")
    assert found, f"there is no heading {title!r}"
    return rest.partition("\n## ")[0]


def tables(text: str) -> list[list[str]]:
    """The cells of each line of tables, heads and rules left out."""
    rows = []
    lines = text.splitlines()
    for index, line in enumerate(lines):
        follows = lines[index + 1] if index + 1 < len(lines) else ""
        if line.startswith("|") and not line.startswith("|---") and not follows.startswith("|---"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def word(cell: str) -> str:
    """The code word of a cell."""
    found = re.fullmatch(r"`([^`]*)`", cell)
    assert found, f"{cell!r} is not a code word"
    return found[1]


# -- tables that are made from the code -----------------------------------------------------------------------------


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(heads), "|" + "---|" * len(heads), *(line(row) for row in rows), ""]


def headings_of(path: Path) -> dict[str, str]:
    """The titles of a page by their anchors."""
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-"): title for title in titles}


def _with_page(remedy: Remedy) -> str:
    """A remedy with a link to the page that says more."""
    file, _, anchor = remedy.page.partition("#")
    if file == "errors.md":
        return remedy
    titles = headings_of(ADMIN / file)
    return f"{remedy} See [{titles[anchor] if anchor else next(iter(titles.values()))}]({remedy.page})."


def errors_page() -> str:
    """The page of errors."""
    heads = ("Code", "What it means", "What to do")
    lines = [
        "# Errors",
        "",
        "This page is generated from the code; do not edit it. Every error has a stable code, a message and a remedy. With",
        "`--json` they are in `error`; over HTTP they are in `code`, `detail` and `remedy` of a problem document. A code can",
        "occur under several headings, in the words of each program. A refused action changes nothing; only the refusal itself",
        "is recorded.",
        "",
    ]
    parts = (
        ("Files and messages", "From every program that reads a file or a signed message.", ExchangeError),
        ("Central and satellite", "From both servers and their commands.", AppError),
        ("Agent", "From the agent on a device.", AgentError),
    )
    for title, text, root in parts:
        rows = [(f"`{code}`", meaning, _with_page(remedy)) for code, meaning, remedy in refusals(root)]
        lines += [f"## {title}", "", text, "", *_table(heads, rows)]
    lines += ["## What a server tells a device", "", "If the server knows the device's key, the answer is signed.", ""]
    problems = [(f"`{code}`", str(p.status), p.message, p.remedy) for code, p in sorted(DEVICE_PROBLEMS.items())]
    lines += _table(("Code", "HTTP status", *heads[1:]), problems)
    lines += ["## Commands", "", "From the commands themselves. `usage` ends with exit code 2.", ""]
    lines += _table(heads, [(f"`{code}`", *texts) for code, texts in sorted(WITHOUT_CLASS.items())])
    lines += [
        "Codes of faulty lines in CSV files: [Orders and catalogue](orders-and-catalogue.md#codes-of-faulty-lines).",
        "",
    ]
    return "\n".join(lines)


def commands_page() -> str:
    """The page of commands."""
    lines = [
        "# Commands",
        "",
        "This page is generated from the code; do not edit it. Parts in brackets are optional. Every command also accepts",
        "`--home` (except `exchange`), `--json` and `--no-input`. `--help` shows more.",
        "",
    ]
    for program in PROGRAMS:
        rows = [(f"`{' '.join([path, *words])}`", text) for path, text, words in commands(program)]
        lines += [f"## {program}", "", *_table(("Command", "What it does"), rows)]
    return "\n".join(lines)


def causes_page() -> str:
    """The page of causes of failed synchronizations."""
    lines = [
        "# Causes of a failed synchronization",
        "",
        "This page is generated from the code; do not edit it. The doctor (page *Synchronization*, or `satellite sync doctor`)",
        "names one of these causes, where it was found, and what to do. `sync now`, the history and the alert",
        "`satellite_sync_failed` use the same words. The causes are listed in the order of the stages of a synchronization.",
        "Set-up: [Network](network.md).",
        "",
    ]
    for stage in Stage:
        rows = [(f"`{one.code}`", one.meaning, one.remedy) for one in CAUSES.values() if one.stage is stage]
        lines += [f"## {stage.value[0].upper()}{stage.value[1:]}", ""]
        lines += _table(("Cause", "What it means", "What to do"), rows)
    return "\n".join(lines)


def addresses_page() -> str:
    """The page of addresses."""
    lines = [
        "# Addresses",
        "",
        "This page is generated from the code; do not edit it. It lists every address of both servers. *Needs* is the",
        "permission that the caller's role and token must have; if several are listed, one is enough. `signed-in` means any",
        "signed-in user or valid access token, `credentials` that the call itself contains credentials, `signed-file` and",
        "`signed-message` a signed file or message, `open` nothing. See [The API](api.md), [Compatibility](compatibility.md)",
        "for existing clients, and [Rows](../developer/rows.md).",
        "",
    ]
    for server, urls in (("Central", CENTRAL_URLS), ("Satellite", SATELLITE_URLS)):
        rows = [
            (
                f"`{one.method}`",
                f"`{one.path}`",
                ", ".join(f"`{word}`" for word in alternatives(one.permission)),
                one.row,
            )
            for one in urls
        ]
        lines += [f"## {server}", "", *_table(("Method", "Path", "Needs", "Row"), rows)]
    return "\n".join(lines)


GENERATED = {
    "errors.md": errors_page,
    "addresses.md": addresses_page,
    "commands.md": commands_page,
    "causes.md": causes_page,
}


# -- the claims -----------------------------------------------------------------------------------------------------


@pytest.mark.repository_rule
@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_page_that_is_made_from_the_code_is_up_to_date(name: str) -> None:
    """Every command and error code is documented, and none that does not exist."""
    assert page(name) == GENERATED[name](), "run: .venv/bin/python tests/meta/test_docs.py --write"


@pytest.mark.repository_rule
def test_every_refusal_says_what_it_means_and_what_to_do() -> None:
    """A code is a stable word; meaning and remedy are sentences."""
    for root in (ExchangeError, AppError, AgentError):
        for code, meaning, remedy in refusals(root):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", code), code
            assert meaning.endswith("."), f"{code}: {meaning}"
            assert remedy.endswith("."), f"{code}: {remedy}"


@pytest.mark.repository_rule
def test_every_remedy_names_a_page_and_commands_that_exist() -> None:
    """A remedy leads to a heading of a page for administrators, and its command can be typed as it stands."""
    wrong = []
    for root in (ExchangeError, AppError, AgentError):
        for code, _, remedy in refusals(root):
            file, _, anchor = remedy.page.partition("#")
            if not (ADMIN / file).exists() or (anchor and anchor not in headings_of(ADMIN / file)):
                wrong.append(f"{code}: {remedy.page}")
            words = remedy.command.split()
            if words and takes(words[0], words[1:]) is None:
                wrong.append(f"{code}: {remedy.command}")
    assert not wrong


@pytest.mark.repository_rule
def test_every_code_that_the_agent_passes_on_is_documented() -> None:
    """A code that an agent's error is given beside its class is on the page of errors too."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "agent").glob("**/*.py"))
    passed = set(re.findall(r"\bcode=\"([a-z_]+)\"", text))
    assert passed
    assert all(f"| `{code}` |" in page("errors.md") for code in passed)


@pytest.mark.repository_rule
def test_every_setting_is_documented_with_its_default() -> None:
    """The pages name each setting of both servers with its default, and no other."""
    text = page("settings.md")
    both = {word(row[0]): row[1] for row in tables(section(text, "Both servers"))}
    own = {(row[0], word(row[1])): row[2] for row in tables(section(text, "Differences"))}
    for program, model in (("central", CentralSettings), ("satellite", SatelliteSettings)):
        known = settings(model)
        named = set(both) | {name for server, name in own if server == program}
        assert named == set(known), program
        for name, default in known.items():
            shown = own.get((program, name), both.get(name))
            assert shown == ("none" if default is None else f"`{default}`"), f"{program} {name}"


@pytest.mark.repository_rule
def test_every_policy_is_documented_with_its_default() -> None:
    """The page on set-up names each policy with its default, and no other."""
    rows = tables(section(page("set-up.md"), "Policies of the vendor"))
    assert {word(row[0]): row[1].strip("`") for row in rows} == {
        name: str(spec.default) for name, spec in POLICIES.items()
    }


def _possible(kind: AlertKind) -> str:
    both = {(True, True): "both", (True, False): "dismiss", (False, True): "remind", (False, False): "neither"}
    return both[kind.dismissible, kind.remindable]


# Beside `conditions.py`.
SHARED_ALERTS = (
    "alerts/clock.py",
    "backup/alerts.py",
    "updates/alerts.py",
    "mail/undelivered.py",
    "tls/watch.py",
    "webhooks/undelivered.py",
)
ALSO_DEMAND = {
    "central": ("clones.py", "conversions.py", "devices.py", "machine.py", "owned.py"),
    "satellite": ("clones.py", "devices.py"),
}


@pytest.mark.repository_rule
@pytest.mark.parametrize(("server", "known"), [("central", CENTRAL_ALERTS), ("satellite", SATELLITE_ALERTS)])
def test_every_alert_is_documented(server: str, known: dict[str, AlertKind]) -> None:
    """Each kind occurs once, with its severity and what can be done with it."""
    text = page("alerts.md")
    raised = {word(row[0]): row for row in tables(section(text, f"Raised by {'a ' * (server == 'satellite')}{server}"))}
    assert set(raised) == set(known)
    for name, kind in known.items():
        assert raised[name][1] == kind.severity.value, name
        assert raised[name][2] == _possible(kind), name
    folder = ROOT / ("central/domain" if server == "central" else "satellite/core") / "alerts"
    # The other files of the folder name alerts too, but demand none.
    code = "".join((folder / name).read_text("utf-8") for name in ("conditions.py", *ALSO_DEMAND[server]))
    code += "".join((ROOT / "serverkit" / name).read_text("utf-8") for name in SHARED_ALERTS)
    assert {name for name in known if f'"{name}"' in code} == set(raised)


@pytest.mark.repository_rule
@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Catalogue", (*catalogue.REQUIRED, *catalogue.OPTIONAL)),
        ("Orders", (*ledger.REQUIRED, *ledger.COMMON, *ledger.DETAILS)),
    ],
)
def test_every_column_is_documented(title: str, columns: tuple[str, ...]) -> None:
    """The page names each column of the two CSV files, in the order of the code, and no other."""
    assert tuple(word(row[0]) for row in tables(section(page("orders-and-catalogue.md"), title))) == columns


@pytest.mark.repository_rule
def test_every_source_of_a_lot_is_documented() -> None:
    """The column `source` lists each word that it takes."""
    rows = {word(row[0]): row[2] for row in tables(section(page("orders-and-catalogue.md"), "Orders"))}
    assert set(re.findall(r"`([a-z_]+)`", rows["source"])) == {source.value for source in ledger.LotSource}


@pytest.mark.repository_rule
def test_every_code_of_a_faulty_line_is_documented() -> None:
    """The page names each reason for which a line of a file is refused, and no other."""
    named = {word(row[0]) for row in tables(section(page("orders-and-catalogue.md"), "Codes of faulty lines"))}
    made = {"invalid_type", "invalid_billing", "invalid_source", "unknown_virtual_account"}
    assert named == row_codes() | made


@pytest.mark.repository_rule
def test_every_reason_for_a_failed_request_is_documented() -> None:
    """The page on restricted licences names each reason that central can give."""
    rows = tables(section(page("restricted-licences.md"), "Why a request fails"))
    assert {word(row[0]) for row in rows} == {reason.value for reason in MESSAGES}


@pytest.mark.repository_rule
def test_every_privacy_field_is_documented() -> None:
    """The page on synchronization names each field that a site may keep to itself."""
    text = page("synchronization.md")
    assert all(f"`{field.value}`" in text for field in PrivacyField)


def _named_commands() -> Iterator[tuple[Path, str, list[str]]]:
    for path in [*DOCS.glob("**/*.md"), *ROOT.glob("*.md")]:
        if path.name in {"CHANGELOG.md", "commands.md"}:
            continue
        text = path.read_text("utf-8")
        spans = re.findall(r"`([^`\n]+)`", text)
        spans += [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
        for span in spans:
            words = span.split("#")[0].split()
            if len(words) > 1 and words[0] in PROGRAMS:
                yield path, words[0], words[1:]


def takes(program: str, words: list[str]) -> set[str] | None:
    """The options of the command that the words name, or of its group; None where there is no such command."""
    plain = words[: next((i for i, each in enumerate(words) if each.startswith("-")), len(words))]
    found = None
    for own, taken in _options(program):
        # A group may be named without its command; what follows a command are its arguments.
        if plain[: len(own)] == own or own[: len(plain)] == plain:
            found = (found or set()) | taken
    return found


@cache
def _options(program: str) -> list[tuple[list[str], set[str]]]:
    """The words of each command of a program, and its options."""
    return [(path.split()[1:], set(re.findall(r"--[a-z-]+", " ".join(taken)))) for path, _, taken in commands(program)]


@pytest.mark.repository_rule
def test_every_command_that_a_page_names_exists() -> None:
    """No page sends a reader to a command that there is not, or gives it an option that it does not take."""
    wrong = []
    for path, program, words in _named_commands():
        taken = takes(program, words)
        used = {each.split("=")[0].strip("[]") for each in words if each.startswith(("--", "[--"))}
        if taken is None or used - taken - {"--home", "--json", "--no-input", "--help"}:
            wrong.append(f"{path.relative_to(ROOT)}: {program} {' '.join(words)}")
    assert not wrong


@pytest.mark.repository_rule
def test_every_link_between_pages_leads_somewhere() -> None:
    """Each link to another page, and to a heading in it, has a target."""
    wrong = []
    for path in [*DOCS.glob("**/*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
            file, _, anchor = target.partition("#")
            found = (path.parent / file).resolve() if file else path
            if "://" in target:
                continue
            heads = (
                re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
                if found.suffix == ".md" and found.exists()
                else []
            )
            slugs = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
            if not found.exists() or (anchor and anchor not in slugs):
                wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert not wrong


@pytest.mark.repository_rule
def test_decisions_are_numbered_once_and_listed() -> None:
    """No number occurs twice; decisions name what, why and consequences, and are in the list in order."""
    folder = DOCS / "adr"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert len({path.name[:4] for path in pages}) == len(pages)
    titles = []
    for path in pages:
        text = path.read_text("utf-8")
        first = text.splitlines()[0]
        assert first.startswith(f"# {path.name[:4]} "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["What", "Why", "Consequences"], path.name
        titles.append((f"[{path.name[:4]}]({path.name})", first.removeprefix(f"# {path.name[:4]} ")))
    listed = [(row[0], row[1]) for row in tables((folder / "README.md").read_text("utf-8"))]
    assert listed == titles


def _cited_rows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for folder in (*PACKAGES, "tests", "demo"):
        for path in (ROOT / folder).glob("**/*.py"):
            text = path.read_text("utf-8")
            cited = re.findall(r"\brows? ((?:[A-ES]\d+(?:\.\d+)?(?:, | and )?)+)", text)
            cited += re.findall(r"mark\.row\(([^)]*)\)", text)
            for group in cited:
                for row in re.findall(r"\b[A-ES]\d+(?:\.\d+)?\b", group):
                    found.setdefault(row, set()).add(str(path.relative_to(ROOT)))
    return found


def _listed_rows() -> dict[str, str]:
    rows = tables((DOCS / "developer" / "rows.md").read_text("utf-8"))
    found = {row[0]: row[2] for row in rows}
    assert len(found) == len(rows), "a row occurs twice"
    return found


@pytest.mark.repository_rule
def test_every_row_that_code_or_tests_name_is_listed() -> None:
    """A row that a docstring or a marker names is in the list of rows."""
    listed = _listed_rows()
    assert not {row: sorted(where)[:3] for row, where in _cited_rows().items() if row not in listed}


@pytest.mark.repository_rule
def test_every_place_that_the_list_of_rows_names_exists() -> None:
    """The list of rows names folders and files that are there."""
    named = {place for cell in _listed_rows().values() for place in re.findall(r"`([^`]+)`", cell)}
    assert not [place for place in sorted(named) if not (ROOT / place).exists()]


@pytest.mark.repository_rule
def test_the_glossary_is_in_order_and_has_no_word_twice() -> None:
    """Words occur once each and in alphabetical order."""
    words = [row[0].lower() for row in tables((DOCS / "glossary.md").read_text("utf-8"))]
    assert len(set(words)) == len(words)
    assert words == sorted(words, key=lambda each: re.sub(r"[^a-z]", "", each.split(",")[0].split("(")[0]))


def main() -> None:
    """Write the pages that are made from the code."""
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: test_docs.py --write")
    for name, made in GENERATED.items():
        (ADMIN / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
