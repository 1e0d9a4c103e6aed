"""The rules of this repository that no linter knows: where things stand, how large they grow, what tests must say."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from central.cli import group as central_group
from satellite.cli import group as satellite_group
from serverkit.cli.program import Program
from serverkit.faults import POINTS
from tools.mutation import PAGE, mutations, table

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("exchange", "serverkit", "central", "satellite", "agent")
EDGES = (
    "central/api", "central/device_api/app.py", "central/device_api/backend.py", "central/cli", "central/jobs",
    "satellite/api", "satellite/device_api/app.py", "satellite/device_api/backend.py",
    "satellite/cli", "satellite/jobs", "satellite/ui",
)  # fmt: skip
# Programs whose edges call actions only; a program is added here when the last of its edges does.
BY_ACTIONS = ("central", "satellite")
REFRESHES = {"refresh_alerts", "refresh_touched", "refresh_clones", "refresh_tls"}
# Where alerts are refreshed: use cases, jobs, the device path, the feature itself, and what settles a unit.
REFRESHING = ("actions/", "jobs/", "device_api/", "core/alerts/", "domain/alerts/", "runtime.py")
# What only an action does on behalf of an edge.
OF_ACTIONS = {"flush", "require", "require_actor", "after_commit", "anchor", "commit", "rollback"}
FEATURE_FILES = {"__init__", "models", "rules", "services", "queries", "errors", "event_kinds"}
# A part of a feature that is large enough to have a name of its own; each says why in its first line.
FURTHER = {
    "central/domain/accounts": {"managed_accounts", "tags", "places"},
    "central/domain/alerts": {
        "around",
        "clones",
        "conditions",
        "conversions",
        "devices",
        "due",
        "machine",
        "owned",
        "snapshot",
    },
    "central/domain/conversions": {"contract_answers", "device_led", "device_rules", "importing", "reading", "runs"},
    "central/domain/credentials": {"identities", "people"},
    "central/domain/export_control": {"adopting", "moving", "renewing"},
    "central/domain/instances": {"detached", "devices", "hardware", "standby_sets"},
    "central/domain/licence_tags": {"kept_lists"},
    "central/domain/ledger": {
        "adjusting",
        "cancelling",
        "order_files",
        "allotting",
        "claims",
        "copying",
        "granting",
        "kept",
        "listing",
        "lot_fields",
        "lot_lists",
        "outdating",
        "postings",
        "replacing",
        "reserving",
        "taking",
        "verification",
    },
    "central/domain/operations": {"nodes", "tasks", "uploads"},
    "central/domain/reservations": {"ending", "factory", "moving", "offers", "rehosting", "updates"},
    "central/domain/satellites": {"attaching", "drafts", "history", "keys"},
    "satellite/core/access": {"users"},
    "satellite/core/alerts": {"clones", "conditions", "devices"},
    "satellite/core/export_queue": {"bounds", "moving", "withdrawing", "track"},
    "satellite/core/instances": {"detached", "clones", "standby_sets"},
    "satellite/core/licences": {"ledger"},
    "satellite/core/site": {"causes"},
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "stuff", "lib", "base_utils"}
MOST_LINES, USUAL_LINES = 500, 300
# Longer than usual; each may only become shorter. What falls under 300 leaves the list.
LONG: dict[str, int] = {}
# How many tests may be marked so, at most.
DEAREST = {"both_databases": 165, "long": 22}
F_STRING = re.compile(r"\b[rR]?[fF][rR]?[\"']")
MARKS = re.compile(
    r"\b(cisco|cssm|juniper|arista|huawei|vmware|microsoft|flexnet|ios[- ]?xe|catalyst)\b", re.IGNORECASE
)


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Path and text of every module of some folders, migrations left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")) if not folder.endswith(".py") else [ROOT / folder]:
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[ast.FunctionDef]:
    """Every function of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node


def names_in(text: str) -> set[str]:
    """Every name and attribute that a module uses."""
    tree = list(ast.walk(ast.parse(text)))
    return {node.id for node in tree if isinstance(node, ast.Name)} | {
        node.attr for node in tree if isinstance(node, ast.Attribute)
    }


@cache
def claims() -> list[tuple[str, ast.FunctionDef]]:
    """Every test, with the file that it is in."""
    return [
        (path.relative_to(ROOT).as_posix(), node)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def rows_of(node: ast.FunctionDef) -> list[str]:
    """The rows that a test is marked with."""
    return [
        argument.value
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    ]


def is_repository_rule(node: ast.FunctionDef) -> bool:
    """Whether a test holds a rule of this repository and proves no row."""
    return any(ast.unparse(mark) == "pytest.mark.repository_rule" for mark in node.decorator_list)


@pytest.mark.repository_rule
@pytest.mark.parametrize("base", ["central/domain", "satellite/core"])
def test_a_feature_holds_only_files_whose_names_say_what_is_in_them(base: str) -> None:
    """Models, rules, services, queries, errors, kinds of events; a further file only where it is listed."""
    wrong = [
        path.relative_to(ROOT).as_posix()
        for folder in (ROOT / base).iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
        for path in folder.iterdir()
        if path.name != "__pycache__"
        and (
            path.suffix != ".py"
            or path.stem not in FEATURE_FILES | FURTHER.get(folder.relative_to(ROOT).as_posix(), set())
        )
    ]

    assert wrong == []


@pytest.mark.repository_rule
def test_no_module_has_a_name_that_says_nothing() -> None:
    """What is put into `utils` is put nowhere."""
    assert [name for name, _ in modules(*PROGRAMS) if Path(name).stem in VAGUE] == []


@pytest.mark.repository_rule
def test_modules_stay_small_and_the_long_ones_only_shrink() -> None:
    """300 lines are usual, 500 the end; a listed exception has its own bound."""
    sizes = {name: len(text.splitlines()) for name, text in modules(*PROGRAMS)}
    too_long = {name: size for name, size in sizes.items() if size > min(MOST_LINES, LONG.get(name, USUAL_LINES))}
    done = [name for name in LONG if sizes.get(name, 0) <= USUAL_LINES]

    assert too_long == {}
    assert done == [], "take these off the list"


@pytest.mark.repository_rule
def test_functions_of_edges_are_thin() -> None:
    """An edge reads its input, calls one service and shows the answer: 25 statements at most."""
    fat = [
        f"{name}:{node.name}"
        for name, text in modules(*EDGES)
        for node in functions(text)
        if sum(isinstance(one, ast.stmt) for one in ast.walk(node)) - 1 - (ast.get_docstring(node) is not None) > 25
    ]

    assert fat == []


@pytest.mark.repository_rule
@pytest.mark.parametrize("program", ["central", "satellite"])
def test_only_actions_jobs_and_the_device_path_refresh_alerts(program: str) -> None:
    """A change reaches the alerts through its use case, so that no edge can forget it and no list writes."""
    found = [
        f"{name}:{word}"
        for name, text in modules(program)
        if not name.removeprefix(f"{program}/").startswith(REFRESHING)
        for word in names_in(text) & REFRESHES
    ]

    assert found == []


@pytest.mark.repository_rule
@pytest.mark.parametrize("program", BY_ACTIONS)
def test_edges_leave_permissions_flushes_and_anchors_to_actions(program: str) -> None:
    """A command, an operation or a compatibility call reads its input, calls an action and shows the view."""
    edges = [edge for edge in EDGES if edge.startswith(f"{program}/") and "/device_api/" not in edge]
    found = [f"{name}:{word}" for name, text in modules(*edges) for word in names_in(text) & OF_ACTIONS]

    assert found == []


@pytest.mark.repository_rule
def test_no_check_of_the_exchange_can_be_switched_off() -> None:
    """No parameter forces, skips or overrides: recovery is a new authorization, not a tick box."""
    names = {"force", "skip", "override", "ignore", "unsafe", "no_verify", "verify"}
    found = [
        f"{name}:{node.name}({argument.arg})"
        for name, text in modules("exchange")
        for node in functions(text)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.arg in names
    ]

    assert found == []


@pytest.mark.repository_rule
def test_every_suppression_names_its_rule_and_its_reason() -> None:
    """`noqa` and `type: ignore` carry a code and, behind it, why."""
    bare = []
    for name, text in modules(*PROGRAMS, "tools", "demo"):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"# noqa", line) and not re.search(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S+", line):
                bare.append(f"{name}:{number}")
            if re.search(r"# type: ignore", line) and not re.search(r"# type: ignore\[[a-z-]+\]  # \S+", line):
                bare.append(f"{name}:{number}")

    assert bare == []


@cache
def _refusals() -> frozenset[str]:
    """Names of all classes of refusals."""
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for _, text in modules(*PROGRAMS)
        if "class " in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Refusal"}
    while more := {name for name, above in bases.items() if name not in found and above & found}:
        found |= more
    return frozenset(found)


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.repository_rule
def test_messages_of_refusals_are_templates() -> None:
    """What a refusal is raised with is a template with named fields, which can be translated; no f-string."""
    names, filled = _refusals(), []
    assert len(names) > 150
    for name, text in modules(*PROGRAMS):
        for node in ast.walk(ast.parse(text)) if F_STRING.search(text) else ():
            if isinstance(node, ast.Call) and _last_name(node.func) in names:
                texts = [*node.args, *(each.value for each in node.keywords if each.arg == "remedy")]
                filled += [
                    f"{name}:{node.lineno}"
                    for each in texts
                    for part in ast.walk(each)
                    if isinstance(part, ast.JoinedStr)
                ]

    assert filled == []


@pytest.mark.repository_rule
def test_a_refusal_with_a_code_has_a_message() -> None:
    """A message is an attribute of its class; a docstring would be missing under `-OO`."""
    names, silent = _refusals(), []
    for name, text in modules(*PROGRAMS):
        for node in ast.walk(ast.parse(text)) if "code =" in text else ():
            if isinstance(node, ast.ClassDef) and node.name in names:
                own = {ast.unparse(each) for part in node.body for each in getattr(part, "targets", [])}
                silent += [f"{name}: {node.name}"] if "code" in own and "message" not in own else []

    assert silent == []


@pytest.mark.repository_rule
def test_a_code_of_a_refusal_means_one_thing() -> None:
    """No two classes of one program share a code."""
    twice = []
    for program in PROGRAMS:
        codes = Counter(
            statement.value.value
            for _, text in modules(program)
            if "code =" in text
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and ast.unparse(statement.targets[0]) == "code"
            and isinstance(statement.value, ast.Constant)
        )
        twice += [f"{program}: {code}" for code, count in codes.items() if count > 1]

    assert twice == []


@pytest.mark.repository_rule
@pytest.mark.parametrize("group", [central_group, satellite_group], ids=["central", "satellite"])
def test_each_word_of_a_command_names_the_module_that_adds_it(group: Program) -> None:
    """A command finds its module by its first word, so that no other has to be imported; no word is missing."""
    context = click.Context(group)
    words = {word for each in group.modules.values() for word in each}

    assert set(group.list_commands(context)) == words
    for word in words:
        command = group.get_command(context, word)
        assert command is not None, word
        if command.callback is None:
            continue  # a group that only holds others
        home = command.callback.__module__
        named = [module for module, each in group.modules.items() if word in each]
        assert home in {
            "serverkit.backup.cli",
            "serverkit.doctor.cli",
            "serverkit.cli.tasks",
            *(f"{group.package}.{module}" for module in named),
        }, word


@pytest.mark.repository_rule
def test_no_other_vendor_is_named_where_people_look() -> None:
    """Enumerations, help texts and pages are neutral; data keeps its names, and the page on compatibility may name them."""

    def helps(command: click.Command) -> Iterator[str]:
        yield command.help or ""
        for parameter in command.params:
            yield getattr(parameter, "help", None) or ""
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                one = command.get_command(context, name)
                assert one is not None
                yield from helps(one)

    named = [text for group in (central_group, satellite_group) for text in helps(group) if MARKS.search(text)]
    for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        if "compat" not in path.name:
            named += [
                f"{path.name}: {line}" for line in path.read_text(encoding="utf-8").splitlines() if MARKS.search(line)
            ]
    for name, text in modules(*PROGRAMS):
        for node in ast.walk(ast.parse(text)) if "Enum" in text else ():
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
                named += [f"{name}: {node.name}" for _ in range(bool(MARKS.search(ast.unparse(node))))]

    assert named == []


@pytest.mark.repository_rule
def test_few_tests_take_long_or_run_on_both_databases() -> None:
    """What is dear is counted, so that all tests end in time: a further one takes the place of one that proves as much."""
    marks = Counter(
        mark
        for _, node in claims()
        for mark in DEAREST
        if any(f"pytest.mark.{mark}" in ast.unparse(each) for each in node.decorator_list)
    )

    assert {mark: count for mark, count in marks.items() if count > DEAREST[mark]} == {}


@pytest.mark.repository_rule
def test_every_test_is_a_claim() -> None:
    """It says in one sentence what it claims, and names the rows that it proves or says that it holds a rule of this repository."""
    found = list(claims())
    silent = [f"{name}:{node.name}" for name, node in found if not ast.get_docstring(node)]
    unmarked = [f"{name}:{node.name}" for name, node in found if bool(rows_of(node)) == is_repository_rule(node)]

    assert silent == []
    assert unmarked == [], "either rows or the mark `repository_rule`, never both"


@pytest.mark.repository_rule
def test_every_row_that_is_built_has_a_test() -> None:
    """A row that the list calls built has a test that names it; a row that is built in part says what is missing."""
    have = {row for _, node in claims() for row in rows_of(node)}
    lines = (ROOT / "docs" / "developer" / "rows.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [A-Z]\d", line)]
    states = {row: state for row, _, _, state in cells}

    assert [row for row, state in states.items() if state.startswith("built") and row not in have] == []
    assert [row for row, state in states.items() if not re.match(r"built|not built|partly: \S", state)] == []


@pytest.mark.repository_rule
def test_the_list_of_defences_fits_the_code_and_its_page() -> None:
    """Each text that a mutation replaces occurs once in its file, each named test exists, names are unique, the page shows them all."""
    entries = mutations()

    assert [fault for one in entries for fault in one.faults()] == []
    assert [name for name, count in Counter(one.name for one in entries).items() if count > 1] == []
    assert table() in PAGE.read_text(encoding="utf-8"), "python -m tools.mutation --table"


@pytest.mark.repository_rule
def test_a_process_dies_in_a_test_at_every_step_that_lasts() -> None:
    """The steps that the code names are those of the list, and each is in a test that kills a process there."""
    named = {hit for _, text in modules(*PROGRAMS) for hit in re.findall(r'crash_point\("(\w+)"', text)}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "faults").glob("test_*.py"))
    killed = {point for point in POINTS if re.search(rf'"{point}[:"]', tests)}

    assert named == set(POINTS)
    assert killed == set(POINTS)


@pytest.mark.repository_rule
def test_both_locked_lists_hold_one_version_of_each_library() -> None:
    """What is tested is what is installed."""
    runtime, dev = (_locked(ROOT / "requirements" / name) for name in ("runtime.txt", "dev.txt"))

    assert {name: dev.get(name) for name in runtime} == runtime


def _locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
