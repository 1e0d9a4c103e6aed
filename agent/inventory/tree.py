"""State as the models of programming interfaces give it (NETCONF, RESTCONF, management centres): a tree of names.

Names are compared without prefix, case, dashes and underscores. Only known names are taken; a number that no known
name stands for is nothing to us.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.inventory.codes import Basis, Command, Note, Reason
from agent.inventory.entries import tag_of
from agent.inventory.identities import make_identity
from agent.inventory.model import Draft, Licence, Member
from agent.inventory.words import number, present

MOST_NODES = 50_000
_TAGS = ("entitlementtag", "entitlement", "tag", "id")
_COUNTS = ("inuse", "count", "licensecount", "inusecount")
_STATES = {
    "regstatus": "registration",
    "registrationstatus": "registration",
    "authstatus": "authorization",
    "authorizationstatus": "authorization",
    "registrationstate": "registration",
    "authorizationstate": "authorization",
}


def read_tree(tree: Any, text: str, draft: Draft) -> bool:
    """Take what known names say; False where nothing is known."""
    for count, (path, node) in enumerate(_nodes(tree)):
        if count >= MOST_NODES:
            draft.reason = Reason.TOO_LARGE
            return True
        _take(path, node, draft)
    active = [member.udi for member in draft.members if member.role == "active"]
    if not draft.udis and active:
        draft.udis.append(active[0])
    if draft.holds_something:
        draft.command = Command.YANG if "smart-license" in text[:4000].lower() else Command.REST
    return draft.holds_something


def _plain(name: str) -> str:
    return name.rpartition(":")[2].lower().replace("-", "").replace("_", "")


def _nodes(tree: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, list):
            waiting += [(path, entry) for entry in reversed(node)]
        elif isinstance(node, dict):
            names = {_plain(name): value for name, value in node.items()}
            yield path, names
            waiting += [(name, value) for name, value in reversed(names.items()) if isinstance(value, dict | list)]


def _text(node: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = node.get(name)
        if isinstance(value, str) and present(value[:400]) is not None:
            return present(value[:400])
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def _take(path: str, node: dict[str, Any], draft: Draft) -> None:
    if "udi" in path:
        _take_udi(node, draft)
    for name, attribute in _STATES.items():
        found = _text(node, name)
        if found is not None and getattr(draft, attribute) is None:
            setattr(draft, attribute, found)
    if path in {"registration", "authorization"} and getattr(draft, path) is None:
        setattr(draft, path, _text(node, "status", "state"))
    if "smartenabled" in node or path == "stateinfo":
        draft.agent_version = draft.agent_version or _text(node, "version")
    host = _text(node, "hostid") or ""
    if host.startswith("VDH="):
        udi = make_identity(draft, None, host[4:], host=host[4:])
        draft.udis += [udi] if udi is not None else []
    if path == "udi":
        draft.hostname = draft.hostname or _text(node, "hostname")
    if path.startswith("row") and "lic" in path:
        _take_feature(node, draft)
    else:
        _take_licence(path, node, draft)


def _take_feature(node: dict[str, Any], draft: Draft) -> None:
    """A row of the feature table of data-centre switches, as their programming interface gives it."""
    name = _text(node, "featurename", "feature", "packagename")
    if name is None or "status" not in node:
        return
    count = number(_text(node, "count", "liccount", "licensecount"))
    tag = tag_of(name, draft)
    if count is None:
        draft.note(Note.LICENCE_WITHOUT_COUNT)
    status = _text(node, "status")
    draft.licences.append(Licence(tag=tag, name=name, count=count, status=status, shown=name, basis=Basis.FEATURE))


def _take_udi(node: dict[str, Any], draft: Draft) -> None:
    pid = _text(node, "pid", "udipid", "productid")
    serial = _text(node, "sn", "serial", "udiserialnumber", "serialnumber")
    if pid is None or serial is None:
        if pid is not None or serial is not None:
            draft.note(Note.MALFORMED_IDENTITY)
        return
    uuid, vid = _text(node, "uuid", "udiuuid", "productuuid"), _text(node, "vid", "udivid")
    udi = make_identity(draft, pid, serial, uuid, vid)
    if udi is None:
        return
    role = _text(node, "role", "harole")
    if role is not None:
        draft.members.append(Member(role.lower().rpartition("-")[2], udi))
    elif all(udi.key != known.key for known in draft.udis[:1000]):
        draft.udis.append(udi)


def _take_licence(path: str, node: dict[str, Any], draft: Draft) -> None:
    counted = next((name for name in _COUNTS if name in node), None)
    shown = _text(node, *_TAGS)
    known = path in {"usage", "features", "entitlements", "licenses"} or (shown or "").startswith("regid.")
    if counted is None or not known or (shown is None and _text(node, "name", "licensename") is None):
        return
    count = number(_text(node, counted))
    tag = tag_of(shown, draft)
    if tag is None:
        draft.note(Note.LICENCE_WITHOUT_TAG)
    if count is None:
        draft.note(Note.LICENCE_WITHOUT_COUNT)
    draft.licences.append(
        Licence(
            tag=tag,
            name=_text(node, "licensename", "name"),
            count=count,
            status=_text(node, "enforcementmode", "status"),
            shown=shown,
            description=_text(node, "description"),
        )
    )
