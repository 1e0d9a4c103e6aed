"""Readers of the sections of textual outputs. Each looks for its own layout and takes nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from agent.inventory.model import Draft, Identity, Licence, Member, Note
from agent.inventory.words import MASKED, SHORT_TAG, is_tag, looks_like_tag, number, present

_UDI = re.compile(
    r"PID:\s*(?P<pid>[^,]+?)\s*,\s*SN:\s*(?P<sn>[^,\s]+)(?P<rest>(?:\s*,\s*(?:UUID|VID|SUVI|HostID)\s*:\s*[^,\s]+)*)\s*$",
    re.IGNORECASE,
)
_SHORT_UDI = re.compile(
    r"^\s*P:\s*(?P<pid>[^,]+?)\s*,\s*S:\s*(?P<sn>[^,\s:]+)(?:\s*,\s*U:\s*(?P<uuid>[0-9A-Fa-f-]+))?\s*$"
)
_ROLE = re.compile(r"^\s*(?P<role>Active|Standby|Member|Hot Standby|Peer)\s*:\s*(?P<udi>PID:.*)$", re.IGNORECASE)
_PAIR = re.compile(r"^(?P<key>[A-Za-z][A-Za-z0-9 /()'-]{0,48}?)\s*:\s*(?P<value>.*)$")
_BLOCK_KEYS = ("description", "count", "version", "status", "export status", "enforcement type", "license type")
_HEAD = re.compile(r"^\s*(?P<name>.*?)\s*\((?P<shown>(?:[^()]|\([^()]*\))*)\)\s*:?\s*$")
_PROMPT = re.compile(
    r"^(?P<host>[A-Za-z0-9][A-Za-z0-9_.-]{0,62})(?:/[a-z0-9/]+)?(?:\([^)]*\))?[#>]\s*(?P<command>\S.*)$"
)
_OUTPUT_CUT = re.compile(r"--\s*More\s*--\s*$", re.IGNORECASE)


def _udi_of(text: str) -> Identity | None:
    found = _UDI.search(text)
    if found is None:
        return None
    more = dict(re.findall(r"(UUID|VID|HostID)\s*:\s*([^,\s]+)", found["rest"], re.IGNORECASE))
    lower = {name.lower(): value for name, value in more.items()}
    pid, serial = present(found["pid"]), present(found["sn"])
    if pid is None and serial is None:
        return None
    return Identity(pid, serial, lower.get("uuid"), lower.get("vid"), lower.get("hostid"))


def read_identities(lines: list[str], draft: Draft) -> None:
    """UDI lines, the list of a set's members, and the table of the older generation."""
    in_list = False
    for line in lines:
        plain = line.strip()
        if re.match(r"HA UDI List\s*:", plain, re.IGNORECASE):
            in_list = True
            continue
        role = _ROLE.match(line)
        if role is not None:
            udi = _udi_of(role["udi"])
            if udi is not None and in_list:
                draft.members.append(Member(role["role"].lower(), udi))
            continue
        if plain:
            in_list = False
        if re.match(r"(Product |Device )?UDI\s*:", plain, re.IGNORECASE):
            _add_udi(draft, _udi_of(plain.split(":", 1)[1]))
    _read_udi_table(lines, draft)
    if not draft.udis and not draft.members:
        # Tech support repeats every member in this short form; it only says who the device is where nothing else does.
        for line in lines:
            short = _SHORT_UDI.match(line)
            if short is not None:
                _add_udi(draft, Identity(present(short["pid"]), present(short["sn"]), short["uuid"]))
    _read_host_id(lines, draft)


def _add_udi(draft: Draft, udi: Identity | None) -> None:
    if udi is not None and all(udi.key != known.key for known in draft.udis):
        draft.udis.append(udi)


def _read_udi_table(lines: list[str], draft: Draft) -> None:
    for index, line in enumerate(lines):
        if re.match(r"\s*SlotID\s+PID\s+SN\s+UDI\s*$", line):
            for row in lines[index + 1 :]:
                cells = row.replace("*", " ").split()
                if len(cells) >= 3 and cells[-1] == f"{cells[-3]}:{cells[-2]}":
                    _add_udi(draft, Identity(cells[-3], cells[-2]))
                elif row.strip() and not set(row.strip()) <= {"-"}:
                    return
            return


def _read_host_id(lines: list[str], draft: Draft) -> None:
    for line in lines:
        found = re.match(r"\s*License hostid:\s*VDH=(\S+)\s*$", line, re.IGNORECASE)
        if found is not None:
            _add_udi(draft, Identity(None, found[1], host_identifier=found[1]))


def read_states(lines: list[str], draft: Draft) -> None:
    """Registration and authorization, by the heading under which a status stands."""
    heading = ""
    for line in lines:
        plain = line.strip()
        pair = _PAIR.match(plain)
        if re.fullmatch(
            r"(Smart Licensing )?(Registration|License Authorization|Smart Licensing Using Policy)\s*:",
            plain,
            re.IGNORECASE,
        ):
            heading = plain.rstrip(":").strip().lower()
            continue
        if pair is None:
            if plain.endswith(":") or not plain:
                heading = heading if not plain else ""
            continue
        key, value = pair["key"].lower(), present(pair["value"])
        if not line.startswith((" ", "\t")) and not pair["value"]:
            heading = ""
        if key == "status" and value is not None:
            _take_status(heading, value, draft)
        elif key == "license authorization status" and draft.authorization is None and value is not None:
            draft.authorization = _bare_state(value)
        elif key in {"smart agent for licensing", "agent version"} and value is not None:
            draft.agent_version = value
        elif key == "software id" and value is not None and is_tag(value):
            draft.product_tag = value


def _bare_state(value: str) -> str:
    return re.split(r"\s+(?:on|as of)\s+", value, maxsplit=1, flags=re.IGNORECASE)[0].strip().rstrip(".")


def _take_status(heading: str, value: str, draft: Draft) -> None:
    if heading.endswith("registration") and draft.registration is None:
        draft.registration = _bare_state(value)
    elif heading.endswith("license authorization") and draft.authorization is None:
        draft.authorization = _bare_state(value)


def read_generation(text: str, draft: Draft) -> None:
    """Which generation of licensing speaks here."""
    if "Smart Licensing Using Policy" in text or re.search(r"^Policy in use", text, re.MULTILINE):
        draft.generation = "policy"
    elif re.search(r"^Index \d+ Feature:|^Feature name\s+Enforcement|^SlotID\s", text, re.MULTILINE):
        draft.generation = "pak"
    elif draft.registration is not None or re.search(r"Smart Licensing is (ENABLED|DISABLED)", text):
        draft.generation = "classic"


def read_prompt(lines: list[str], draft: Draft) -> str | None:
    """The host name and command that a captured prompt shows."""
    for line in lines[:40]:
        found = _PROMPT.match(line)
        if found is not None and re.match(r"(sho?w?|licen[sc]e)\b", found["command"], re.IGNORECASE):
            draft.hostname = found["host"]
            return found["command"].strip()
    return None


def read_licences(lines: list[str], draft: Draft) -> None:
    """Every layout of licence entries; a file holds one of them."""
    for reader in (
        _handles,
        _blocks,
        _summary_rows,
        _feature_table,
        _indexed_features,
        _feature_names,
        _report_rows,
        _report_details,
    ):
        found = list(reader(lines, draft))
        if found:
            draft.licences += found
            break
    if lines and any(_OUTPUT_CUT.search(line) for line in lines[-3:]):
        draft.note(Note.TRUNCATED_OUTPUT)


def _fields(lines: list[str], start: int, stop: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines[start:stop]:
        pair = _PAIR.match(line.strip())
        if pair is not None:
            found.setdefault(pair["key"].strip().lower(), pair["value"].strip())
    return found


def _make(draft: Draft, name: str | None, shown: str | None, values: dict[str, str]) -> Licence:
    tag, text = None, present(shown)
    if text is not None and looks_like_tag(text) and not is_tag(text):
        draft.note(Note.MASKED_VALUE if MASKED.search(text) else Note.MALFORMED_TAG)
    elif text is not None and "..." in text:
        draft.note(Note.TRUNCATED_NAME)
    elif text is not None and (is_tag(text) or SHORT_TAG.fullmatch(text)):
        tag = text
    count = number(values.get("count"))
    if tag is None:
        draft.note(Note.LICENCE_WITHOUT_TAG)
    if count is None:
        draft.note(Note.LICENCE_WITHOUT_COUNT)
    enforcement, export = present(values.get("enforcement type")), present(values.get("export status"))
    restricted: bool | None = None
    if enforcement is not None and "EXPORT RESTRICTED" in enforcement.upper():
        restricted = True
    elif export is not None:
        restricted = not export.upper().startswith("NOT RESTRICTED")
    name_text = present(name)
    if name_text is not None and "..." in name_text:
        draft.note(Note.TRUNCATED_NAME)
    return Licence(
        tag=tag,
        name=name_text,
        count=count,
        status=_plain_status(values.get("status")),
        shown=text,
        description=present(values.get("description")),
        restricted=restricted,
        enforcement=enforcement,
        licence_type=present(values.get("license type")),
        version=present(values.get("version")),
    )


def _plain_status(text: str | None) -> str | None:
    value = present(text)
    return re.sub(r"\(\d+\)$", "", value).strip() if value else None


def _handles(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Handle: 1` entries of tech support: name and tag on lines of their own."""
    starts = [index for index, line in enumerate(lines) if re.match(r"\s*Handle:\s*\d+\s*$", line)]
    if not starts:
        return
    limit = next((i for i in range(starts[-1], len(lines)) if re.match(r"={4,}\s*$", lines[i].strip())), len(lines))
    for start, stop in pairwise([*starts, limit]):
        values = _fields(lines, start + 1, stop)
        if "entitlement tag" in values or "license" in values:
            yield _make(draft, values.get("license"), values.get("entitlement tag"), values)


def _blocks(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Name (tag):` with description, count and status below it."""
    starts = []
    for index, line in enumerate(lines):
        head = _HEAD.match(line)
        if head is None or (_PAIR.match(line.strip()) and not line.rstrip().endswith("):")):
            continue
        below = next((following.strip().lower() for following in lines[index + 1 : index + 4] if following.strip()), "")
        if below.startswith(tuple(f"{key}:" for key in _BLOCK_KEYS[:4])):
            starts.append((index, head))
    for position, (start, head) in enumerate(starts):
        stop = starts[position + 1][0] if position + 1 < len(starts) else _end_of_block(lines, start + 1)
        values = _fields(lines, start + 1, stop)
        yield _make(draft, head["name"], head["shown"], values)


def _end_of_block(lines: list[str], start: int) -> int:
    for index in range(start, len(lines)):
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if re.fullmatch(r"[=-]{4,}", following) or re.match(r"Product Information|Agent Version", lines[index].strip()):
            return index
    return len(lines)


_ROW = re.compile(
    r"^\s*(?P<name>\S.*?)?\s*\((?P<shown>[^()]*(?:\([^()]*\)[^()]*)?)\)\s+(?P<count>\d{1,9}|-)(?:\s+(?P<status>\S.*?))?\s*$"
)
_TAG_ROW = re.compile(r"^\s*(?P<name>.*?)\s*(?P<shown>regid\.\S+)\s+(?P<count>\d{1,9}|-)(?:\s+(?P<status>\S.*?))?\s*$")
_PLAIN_ROW = re.compile(r"^\s*(?P<name>\S+(?: \S+)*)\s{2,}(?P<count>\d{1,9}|-)\s+(?P<status>[A-Za-z].*?)\s*$")


def _summary_rows(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The two-column table of a summary; names may be cut, name and tag may run together."""
    starts = [
        i for i, line in enumerate(lines) if re.match(r"\s*License\s+Entitlement tag\s+Count", line, re.IGNORECASE)
    ]
    for start in starts:
        held = ""
        for line in lines[start + 1 :]:
            plain = line.strip()
            if not plain or set(plain) <= {"-"}:
                if held or not plain:
                    continue
                continue
            row = _ROW.match(held + " " + line if held else line) or _TAG_ROW.match(line) or _PLAIN_ROW.match(line)
            if row is None:
                if _PAIR.match(plain) and not plain.startswith("("):
                    break
                held = plain
                continue
            held = ""
            shown = row.groupdict().get("shown")
            yield _make(draft, row["name"], shown, {"count": row["count"], "status": row["status"] or ""})


def _feature_table(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The feature table of data-centre switches: installed, counted, used."""
    start = next((i for i, line in enumerate(lines) if re.match(r"\s*Feature\s+Ins\s+Lic\s+Status", line)), None)
    if start is None:
        return
    row = re.compile(
        r"^\s*(?P<name>[A-Za-z0-9_.+/-]+)\s+(?P<ins>Yes|No)\s+(?P<count>-|\d+)\s+(?P<status>In use|Unused|Not in use)\b(?P<rest>.*)$",
        re.IGNORECASE,
    )
    for line in lines[start + 1 :]:
        found = row.match(line)
        if found is not None:
            values = {"count": found["count"], "status": found["status"]}
            yield _make(draft, found["name"], found["name"], values)


def _indexed_features(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Index 1 Feature: name` entries of the generation before Smart Licensing."""
    heads = [(i, m) for i, line in enumerate(lines) if (m := re.match(r"\s*Index\s+\d+\s+Feature:\s*(\S+)", line))]
    for position, (index, head) in enumerate(heads):
        stop = heads[position + 1][0] if position + 1 < len(heads) else len(lines)
        values = _fields(lines, index + 1, stop)
        counted = re.match(r"(\d+)", values.get("license count", ""))
        picked = {
            "count": counted[1] if counted else "",
            "status": values.get("license state", ""),
            "license type": values.get("license type", ""),
        }
        yield _make(draft, head[1], head[1], picked)


def _feature_names(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The table `Feature name  Enforcement  Evaluation …`."""
    start = next(
        (
            i
            for i, line in enumerate(lines)
            if re.match(r"\s*Feature name\s+Enforcement\s+Evaluation", line, re.IGNORECASE)
        ),
        None,
    )
    if start is None:
        return
    for line in lines[start + 1 :]:
        cells = line.split()
        if len(cells) >= 5 and {cell.lower() for cell in cells[1:]} <= {"yes", "no"}:
            enabled = cells[4].lower() == "yes"
            yield _make(draft, cells[0], cells[0], {"status": "enabled" if enabled else "not enabled"})


def _report_rows(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The list of usage reports names features; each is one entry, however many reports it has."""
    seen = set()
    for line in lines:
        found = re.match(r"\s*\d{9,11}\s+(?:OPEN|CLOSED|ACK|DELETED|UNACK|PENDING)\s+\S\s+(\S.*?)\s*$", line)
        if found is not None and found[1] not in seen:
            seen.add(found[1])
            yield _make(draft, found[1], None, {})


def _report_details(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """A usage report in detail names the licence that it counts."""
    seen = set()
    for index, line in enumerate(lines):
        found = re.match(r"\s*Metric Value:\s*(\S+)\s*$", line)
        if found is not None and looks_like_tag(found[1]) and found[1] not in seen:
            seen.add(found[1])
            values = _fields(lines, max(0, index - 3), index)
            yield _make(draft, values.get("feature name"), found[1], {})
