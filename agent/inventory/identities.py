"""Who the device is: UDI lines, the members of a set, the tables of the older generation.

A UDI is taken only where it stands whole on its line. One that the terminal broke in two, one with a masked serial
number and one of another form is named in the notes and not repaired.
"""

from __future__ import annotations

import re

from agent.inventory.codes import Note
from agent.inventory.model import Draft, Identity, Member
from agent.inventory.words import MASKED, MOST_TEXT, present

_KEYS = {"PID": "pid", "SN": "serial", "VID": "vid", "UUID": "uuid", "SUVI": "suvi", "HOSTID": "host", "MAC": "mac"}
_SHORT_KEYS = {"P": "pid", "S": "serial", "U": "uuid", "V": "vid"}
_ROLE = re.compile(r"(?P<role>Active|Standby|Member|Hot Standby|Standby Hot) ?: ?(?P<udi>(?:PID|SN):.*)", re.IGNORECASE)
_OWN = re.compile(r"(?:Product |Device |License )?UDI ?:(?P<udi>.*)", re.IGNORECASE)
_PIECE = re.compile(r"[A-Za-z0-9./+-]{1,40}")
_CONFIGURED = re.compile(r"license udi pid (\S{1,255}) sn (\S{1,255})", re.IGNORECASE)
_PRODUCT = re.compile(r"pid=(?P<pid>[^=]{1,255}?) sn=(?P<sn>\S{1,255})(?: uuid=(?P<uuid>\S{1,64}))?", re.IGNORECASE)
_LOCKED = re.compile(r"<UDI><PID>([^<>]{1,255})</PID><SN>([^<>]{1,255})</SN></UDI>")
_HOST_ID = re.compile(r"(?:License )?host ?id ?: ?VDH=(\S{1,255})", re.IGNORECASE)
_SERIAL = re.compile(r"Serial Number ?: +([A-Za-z0-9]{6,32})", re.IGNORECASE)


def read_udi(text: str, draft: Draft) -> Identity | None:
    """A UDI written as keys and values, whichever there are and in whichever order; None where it is no whole one."""
    values: dict[str, str] = {}
    for part in text.strip().split(","):
        key, colon, value = part.partition(":")
        name = _KEYS.get(key.strip().upper()) or _SHORT_KEYS.get(key.strip())
        if not colon or name is None or name in values or len(value) > MOST_TEXT:
            draft.note(Note.MALFORMED_IDENTITY)
            return None
        values[name] = value.strip()
    return _made(values, draft)


def _made(values: dict[str, str], draft: Draft) -> Identity | None:
    found = {name: present(value) for name, value in values.items()}
    serial, pid = found.get("serial"), found.get("pid")
    if (serial and len(serial.split()) != 1) or ":" in f"{pid}{serial}":
        draft.note(Note.MALFORMED_IDENTITY)
        return None
    if serial and MASKED.search(serial):
        draft.note(Note.MASKED_VALUE)
        serial = None
    elif serial is None:
        # Product id and serial number always come together: one without the other is a line that was cut.
        draft.note(Note.MALFORMED_IDENTITY)
        return None
    return Identity(pid, serial, found.get("uuid"), found.get("vid"), found.get("host"))


_Known = dict[tuple[str, str], Identity]


def read_identities(lines: list[str], draft: Draft) -> None:
    """Everything that says who the device is, the certain forms first."""
    named: list[Member] = []
    known: _Known = {}
    _walk(lines, draft, known, named)
    _read_table(lines, draft, known)
    draft.udis += known.values()
    others = list({(entry.role, entry.udi.key): entry for entry in named}.values())
    if not draft.members and len({entry.udi.key for entry in others}) > 1:
        draft.members += others
    if not draft.udis:
        active = {entry.udi.key: entry.udi for entry in (draft.members or others) if entry.role == "active"}
        draft.udis += active.values() if len(active) == 1 else []
    if not draft.udis and not draft.members:
        _read_other_forms(lines, draft, known)
        draft.udis += known.values()


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
            continue
        role = _ROLE.fullmatch(plain)
        if role is not None:
            udi = _whole(role["udi"], lines, index, draft)
            if udi is not None:
                (draft.members if in_list else named).append(Member(role["role"].lower(), udi))
            continue
        in_list = False
        own = _OWN.fullmatch(plain) if "UDI" in plain.upper() else None
        if own is not None and own["udi"].strip():
            udi = _whole(own["udi"], lines, index, draft)
            _add(known if peer < 0 else peers, udi)
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
        rows = _rows(lines[start + 1 :], head)
        for _, udi in rows if len(rows) == 1 else [row for row in rows if row[0]]:
            _add(known, udi)
        if len(rows) > 1:
            draft.members += [Member("active" if star else "member", udi) for star, udi in rows]
        return


def _rows(lines: list[str], head: list[str]) -> list[tuple[bool, Identity]]:
    after = head[head.index("PID") :]
    found: list[tuple[bool, Identity]] = []
    for line in lines:
        plain = line.strip()
        if not plain or set(plain) <= {"-"}:
            if found and not plain:
                break
            continue
        cells = line.replace("*", " ").split()
        if "UDI" in after and len(cells) >= 3 and cells[-1] == f"{cells[-3]}:{cells[-2]}":
            found.append(("*" in line, Identity(cells[-3], cells[-2])))
        elif "UDI" not in after and len(cells) > len(after) and re.fullmatch(r"[A-Z0-9]{8,20}", cells[-1]):
            values = dict(zip(after, cells[-len(after) :], strict=True))
            found.append(("*" in line, Identity(values["PID"], values["SN"], vid=values.get("VID"))))
        else:
            break
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
            _add(known, Identity(None, host[1], host_identifier=host[1]))
        elif plain.lower().startswith("serial number") and ("License mode:" in texts or "Licensed features" in texts):
            serial = _SERIAL.fullmatch(plain)
            _add(known, Identity(None, serial[1]) if serial else None)
