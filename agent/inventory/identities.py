"""Who the device is: UDI lines, the members of a set, the tables of the older generation.

A UDI is taken only where it stands whole. One whose lines end between two of its fields is whole; one that the terminal
broke inside a value, one with a masked serial number and one of another form is named in the notes and not repaired.
"""

from __future__ import annotations

import re

from agent.inventory.codes import Note
from agent.inventory.model import Draft, Identity, Member
from agent.inventory.words import MOST_TEXT, STANDARD_SERIAL, is_masked, present

_KEYS = {"PID": "pid", "SN": "serial", "VID": "vid", "UUID": "uuid", "SUVI": "suvi", "HOSTID": "host", "MAC": "mac"}
_SHORT_KEYS = {"P": "pid", "S": "serial", "U": "uuid", "V": "vid"}
_ROLE = re.compile(r"(?P<role>Active|Standby|Member|Hot Standby|Standby Hot) ?: ?(?P<udi>(?:PID|SN):.*)", re.IGNORECASE)
_OWN = re.compile(r"(?:Product |Device |License )?UDI ?:(?P<udi>.*)", re.IGNORECASE)
_HEAD = re.compile(r"(?:[A-Za-z ]{0,20}UDI|Active|Standby|Member|Hot Standby|Standby Hot) ?:(?P<udi>.*)", re.IGNORECASE)
_FIELD = r"(?:PID|SN|VID|UUID|SUVI|HOSTID) ?: ?[^,:\s][^,:]{0,254}"
_FIELDS = re.compile(rf"{_FIELD}(?:,\s?{_FIELD}){{0,6}},?", re.IGNORECASE)
_PIECE = re.compile(r"[A-Za-z0-9./+-]{1,40}")
_REQUEST = re.compile(r"P:[^,:]{1,80},S:[^,:]{1,80}(?:,U:[^,:]{1,80})?")
_CONFIGURED = re.compile(r"license udi pid (\S{1,255}) sn (\S{1,255})", re.IGNORECASE)
_PRODUCT = re.compile(r"pid=(?P<pid>[^=]{1,255}?) sn=(?P<sn>\S{1,255})(?: uuid=(?P<uuid>\S{1,64}))?", re.IGNORECASE)
_LOCKED = re.compile(r"<UDI><PID>([^<>]{1,255})</PID><SN>([^<>]{1,255})</SN></UDI>")  # `NOTLOCKED` names no device
_HOST_ID = re.compile(r"(?:License )?host ?id ?: ?VDH=(\S{1,255})", re.IGNORECASE)
_SERIAL = re.compile(r"Serial Number ?: +(\S{1,64})", re.IGNORECASE)


def read_udi(text: str, draft: Draft) -> Identity | None:
    """A UDI written as keys and values, whichever there are and in whichever order; None where it is not a whole one."""
    values: dict[str, str] = {}
    for part in text.strip().split(","):
        key, colon, value = part.partition(":")
        name = _KEYS.get(key.strip().upper()) or _SHORT_KEYS.get(key.strip())
        if not colon or name is None or name in values or len(value) > MOST_TEXT:
            draft.note(Note.MALFORMED_IDENTITY)
            return None
        values[name] = value.strip()
    return _made(values, draft)


_TABLE_SERIAL = re.compile(r"[A-Z0-9]{8,20}")
_SERIAL_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{0,254}")


def _made(values: dict[str, str], draft: Draft) -> Identity | None:
    if ":" in f"{values.get('pid')}{values.get('serial')}":
        draft.note(Note.MALFORMED_IDENTITY)
        return None
    serial = values.get("serial", "").strip()
    if present(serial) is None and not (serial and is_masked(serial)):
        # Product id and serial number always come together: one without the other is a line that was cut.
        draft.note(Note.MALFORMED_IDENTITY)
        return None
    if "pid" in values and present(values["pid"]) is None:
        draft.note(Note.MASKED_VALUE)
    return make_identity(draft, **values)


def make_identity(
    draft: Draft,
    pid: str | None = None,
    serial: str | None = None,
    uuid: str | None = None,
    vid: str | None = None,
    host: str | None = None,
    **_: str,
) -> Identity | None:
    """An identity of the values that are there whole; what is masked or a placeholder is not a part of it.

    None where neither a product id nor a serial number is left, or where the serial number has the form of none.
    """
    values = {"pid": pid, "serial": serial, "uuid": uuid, "vid": vid, "host_identifier": host}
    kept: dict[str, str | None] = {}
    for name, text in values.items():
        value = present(text)
        hidden = is_masked(value) if value is not None else name == "serial" and bool(text) and is_masked(text or "")
        if hidden and not (name == "vid" and text and text.strip().isdigit()):
            draft.note(Note.MASKED_VALUE)
            value = None
        kept[name] = value
    if kept["serial"] is not None and _SERIAL_FORM.fullmatch(kept["serial"]) is None:
        draft.note(Note.MALFORMED_IDENTITY)
        return None
    if kept["pid"] is None and kept["serial"] is None:
        return None
    return Identity(**kept)


_Known = dict[tuple[str, str], Identity]


def read_identities(lines: list[str], draft: Draft) -> None:
    """Everything that says who the device is, the certain forms first."""
    named: list[Member] = []
    known: _Known = {}
    lines = _joined(lines)
    _walk(lines, draft, known, named)
    _read_table(lines, draft, known)
    draft.udis += known.values()
    draft.members[:] = dict.fromkeys(draft.members)
    others = list({(entry.role, entry.udi.key): entry for entry in named}.values())
    if not draft.members and len({entry.udi.key for entry in others}) > 1:
        draft.members += others
    if not draft.udis:
        active = {entry.udi.key: entry.udi for entry in (draft.members or others) if entry.role == "active"}
        draft.udis += active.values() if len(active) == 1 else []
    if not draft.udis and not draft.members:
        _read_other_forms(lines, draft, known)
        draft.udis += known.values()
        return
    # A request code of another device in the same text: it stands alone on its line.
    requests = [read_udi(line, draft) for line in lines if _REQUEST.fullmatch(line.strip())]
    present_keys = {udi.key for udi in (*draft.udis, *(member.udi for member in draft.members))}
    draft.udis += {udi.key: udi for udi in requests if udi is not None and udi.key not in present_keys}.values()


def _walk(lines: list[str], draft: Draft, known: _Known, named: list[Member]) -> None:
    in_list, peer = False, -1
    peers: _Known = {}
    for index, line in enumerate(lines):
        plain = line.strip()
        if not plain:
            peer = -1
            continue
        indent = len(line) - len(line.lstrip())
        if plain.lower().startswith("peer info"):
            peer = indent
        elif peer >= 0 and indent < peer:
            peer = -1
        if plain.upper().startswith("HA UDI LIST"):
            in_list = True
            draft.sets.append(set())
            continue
        role = _ROLE.fullmatch(plain)
        if role is not None:
            udi = _whole(role["udi"], lines, index, draft)
            if udi is not None:
                (draft.members if in_list else named).append(Member(role["role"].lower(), udi))
                if in_list:
                    draft.sets[-1].add(udi.key)
            continue
        # A line that does not belong there ends no list that goes on below it.
        in_list = in_list and _ROLE.fullmatch(lines[min(index + 1, len(lines) - 1)].strip()) is not None
        own = _OWN.fullmatch(plain) if "UDI" in plain.upper() else None
        if own is not None and own["udi"].strip():
            _add(known if peer < 0 else peers, _whole(own["udi"], lines, index, draft))
    draft.peers += peers.values()


def _whole(text: str, lines: list[str], index: int, draft: Draft) -> Identity | None:
    """A UDI that ends where its line ends: a lone piece of text below means that the terminal broke it in two."""
    product = _PRODUCT.fullmatch(text.strip())
    if product is not None:
        return _made({"pid": product["pid"], "serial": product["sn"], "uuid": product["uuid"] or ""}, draft)
    below = lines[index + 1] if index + 1 < len(lines) else ""
    piece = _PIECE.fullmatch(below)
    if below and (
        (piece and (below.isupper() or any(map(str.isdigit, below)))) or text.rstrip().endswith((",", ":", "-"))
    ):
        draft.note(Note.WRAPPED_VALUE)
        return None
    return read_udi(text, draft)


def _names(text: str) -> set[str]:
    return {part.partition(":")[0].strip().upper() for part in text.strip(" ,").split(",")}


def _joined(lines: list[str]) -> list[str]:
    """The lines, a UDI that ends between two of its fields on one: each value stands whole on its own line there."""
    found: list[str] = []
    for line in lines:
        last, plain = found[-1] if found else "", line.strip()
        head = _HEAD.fullmatch(last.strip()) if plain and ("UDI" in last.upper() or "PID" in last.upper()) else None
        if head is not None:
            told = head["udi"].strip()
            fits = not told or (_FIELDS.fullmatch(told) is not None and not _names(told) & _names(plain))
            if fits and _FIELDS.fullmatch(plain):
                found[-1] = f"{last.rstrip(' ,')}{',' if told else ' '}{plain}"
                continue
            if told.upper().endswith("SN:") and STANDARD_SERIAL.fullmatch(plain):
                found[-1] = f"{last.rstrip()}{plain}"
                continue
        found.append(line)
    return found


def _add(known: _Known, udi: Identity | None) -> None:
    if udi is not None and (udi.key not in known or (udi.uuid and not known[udi.key].uuid)):
        known[udi.key] = udi


def _read_table(lines: list[str], draft: Draft, known: _Known) -> None:
    """`SlotID PID SN UDI`, `Device# PID SN UDI`, `Switch PID VID SN`: one row for each member, a star at the active."""
    for start, line in enumerate(lines):
        head = line.upper().split()
        if (
            "PID" not in head
            or "SN" not in head
            or not {"SLOTID", "DEVICE#", "SWITCH", "SWITCH#", "SWITCH/SLOT"} & set(head)
        ):
            continue
        rows = _rows(lines[start + 1 :], head, draft)
        for _, udi in rows if len(rows) == 1 else [row for row in rows if row[0]]:
            _add(known, udi)
        if len(rows) > 1:
            draft.sets.append({udi.key for _, udi in rows})
            draft.members += [Member("active" if star else "member", udi) for star, udi in rows]


def _rows(lines: list[str], head: list[str], draft: Draft) -> list[tuple[bool, Identity]]:
    after = head[head.index("PID") :]
    found: list[tuple[bool, Identity]] = []
    for line in lines:
        plain = line.strip()
        if not plain or set(plain) <= {"-"}:
            if found and not plain:
                break
            continue
        cells = line.replace("*", " ", 1).split() if plain.startswith("*") else plain.split()
        if len(cells) < len(after):
            if len(cells) > 1 and (plain[0] == "*" or plain[0].isdigit()) and ":" not in plain:
                draft.note(Note.MALFORMED_IDENTITY)
            break
        values = dict(zip(after, cells[-len(after) :], strict=True))
        whole = values.get("UDI", "") == f"{values['PID']}:{values['SN']}"
        if not whole and not (
            "UDI" not in values and (_TABLE_SERIAL.fullmatch(values["SN"]) or is_masked(values["SN"]))
        ):
            draft.note(Note.MALFORMED_IDENTITY)
            break
        udi = make_identity(draft, values["PID"], values["SN"], vid=values.get("VID"))
        if udi is not None:
            found.append((plain.startswith("*"), udi))
    return found


def _read_other_forms(lines: list[str], draft: Draft, known: _Known) -> None:
    """Forms that say who the device is only where nothing else does."""
    texts = "\n".join(lines)
    for line in lines:
        plain = line.strip()
        if plain.startswith("P:") and ",S:" in plain.replace(" ", ""):
            _add(known, read_udi(plain, draft))
        elif (configured := _CONFIGURED.fullmatch(plain)) is not None:
            _add(known, _made({"pid": configured[1], "serial": configured[2]}, draft))
        elif "<UDI>" in plain and (locked := _LOCKED.search(plain)) is not None:
            _add(known, _made({"pid": locked[1], "serial": locked[2]}, draft))
        elif (host := _HOST_ID.fullmatch(plain)) is not None:
            _add(known, make_identity(draft, None, host[1], host=host[1]))
        elif plain.lower().startswith("serial number") and ("License mode:" in texts or "Licensed features" in texts):
            serial = _SERIAL.fullmatch(plain)
            _add(known, make_identity(draft, None, serial[1]) if serial else None)
