"""The short way for rows that come by the hundred thousand: instances, claims, events.

Writing: a line is put together from texts instead of being encoded from an object. Reading: one pattern takes exactly
what a canonical line of printable ASCII can be, so that nothing in it has two readings: no escapes, no name twice, no
number out of range, no other nesting. Every other line goes the long way, through `canonical` and `rows`, and is judged
there; both ways give the same row, or the same refusal.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from json.encoder import encode_basestring as quote
from typing import Any, NamedTuple, TypeAlias

from exchange.canonical import encode, iso, time_of_form
from exchange.container import Lines
from exchange.errors import MalformedError
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.limits import QUANTITY, ROW_BYTES
from exchange.vocabulary import InstanceState

Text: TypeAlias = str | None


class InstanceText(NamedTuple):
    """The members of an instance as texts: times as `iso` writes them, objects and lists as canonical JSON."""

    id: str
    hostname: Text
    udi: str
    product_tag: Text
    software_version: Text
    ip_address: Text
    notes: Text
    virtual_account: str
    registered_at: str
    last_contact: str
    certificate_expires: str
    state: str
    export_allowed: bool
    key_hash: str
    device_key: Text
    token: Text
    standbys: str
    marks: str
    removed: bool


class EventText(NamedTuple):
    """The members of an event as texts; `subject` as canonical JSON."""

    id: str
    at: str
    event: str
    actor: str
    message: str
    instance: Text
    subject: str


def _quoted(text: Text) -> str:
    return "null" if text is None else quote(text)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def instance_line(of: InstanceText) -> str:
    """The line of an instance."""
    return (
        f'{{"certificate_expires":"{of.certificate_expires}","device_key":{of.device_key or "null"},'
        f'"export_allowed":{_flag(of.export_allowed)},"hostname":{_quoted(of.hostname)},"id":"{of.id}",'
        f'"ip_address":{_quoted(of.ip_address)},"key_hash":"{of.key_hash}","kind":"instance",'
        f'"last_contact":"{of.last_contact}","marks":{of.marks},"notes":{_quoted(of.notes)},'
        f'"product_tag":{_quoted(of.product_tag)},"registered_at":"{of.registered_at}",'
        f'"removed":{_flag(of.removed)},"software_version":{_quoted(of.software_version)},'
        f'"standbys":{of.standbys},"state":{quote(of.state)},"token":{_quoted(of.token)},"udi":{of.udi},'
        f'"virtual_account":"{of.virtual_account}"}}'
    )


def claim_line(instance: str, tag: str, count: int, since: str) -> str:
    """The line of a claim."""
    if not 0 <= count <= QUANTITY:
        raise ValueError("integer out of range")
    return f'{{"count":{count},"instance":"{instance}","kind":"claim","since":"{since}","tag":{quote(tag)}}}'


def event_line(of: EventText) -> str:
    """The line of an event."""
    return (
        f'{{"actor":{quote(of.actor)},"at":"{of.at}","event":{quote(of.event)},"id":"{of.id}",'
        f'"instance":{_quoted(of.instance)},"kind":"event","message":{quote(of.message)},"subject":{of.subject}}}'
    )


def together(kind: str, lines: Iterable[str]) -> Lines:
    """Lines of one kind for the body; ValueError for what `canonical.encode` would not write either."""
    data = bytearray()
    count = 0
    for line in lines:
        # The usual line holds nothing that the rules on strings could refuse; a doubtful one is encoded anew.
        if line.isascii() and line.isprintable() and "\\" not in line and len(line) <= ROW_BYTES:
            data += line.encode("ascii")
        else:
            data += encode(json.loads(line))
        data += b"\n"
        count += 1
    return Lines(kind, count, bytes(data))


_TIME = r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"'
_ID = r'"([0-9a-f]{32})"'
_FLAG = r"(true|false)"
# Without backslash and quotation mark: what stands there is what is meant.
_PLAIN = r"[ !#-\[\]-~]"
_SHORT = rf'"({_PLAIN}{{1,255}})"'
_TEXT = rf'"({_PLAIN}{{0,1024}})"'
_OR_TEXT = rf"(?:null|{_TEXT})"
_OR_ID = rf"(?:null|{_ID})"
# The last digit of 32 bytes in Base64 has four free bits: one writing each.
_KEY = r'(?:null|\{"public":"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)","suite":1\})'
_UDI = (
    rf'\{{(?:"host_identifier":{_SHORT},)?(?:"mac_address":{_SHORT},)?"pid":{_SHORT},"serial":{_SHORT}'
    rf'(?:,"suvi":{_SHORT})?(?:,"uuid":{_SHORT})?(?:,"vid":{_SHORT})?\}}'
)
_MEMBER = rf'"{_PLAIN}{{1,64}}":(?:"{_PLAIN}{{0,1024}}"|0|[1-9]\d{{0,14}}|true|false|null)'
_FLAT = rf"(\{{(?:{_MEMBER}(?:,{_MEMBER}){{0,15}})?\}})"

_INSTANCE = re.compile(
    rf'\{{"certificate_expires":{_TIME},"device_key":{_KEY},"export_allowed":{_FLAG},"hostname":{_OR_TEXT},"id":{_ID},'
    rf'"ip_address":{_OR_TEXT},"key_hash":"([0-9a-f]{{64}})","kind":"instance","last_contact":{_TIME},"marks":\[\],'
    rf'"notes":{_OR_TEXT},"product_tag":{_OR_TEXT},"registered_at":{_TIME},"removed":{_FLAG},'
    rf'"software_version":{_OR_TEXT},"standbys":\[\],"state":"([a-z_]{{1,32}})","token":{_OR_ID},"udi":{_UDI},'
    rf'"virtual_account":{_ID}\}}',
    re.ASCII,
)
_CLAIM = re.compile(
    rf'\{{"count":(0|[1-9]\d{{0,8}}),"instance":{_ID},"kind":"claim","since":{_TIME},"tag":"({_PLAIN}{{1,1024}})"\}}',
    re.ASCII,
)
_EVENT = re.compile(
    rf'\{{"actor":{_TEXT},"at":{_TIME},"event":{_TEXT},"id":{_ID},"instance":{_OR_ID},"kind":"event",'
    rf'"message":"({_PLAIN}{{0,4096}})","subject":{_FLAT}\}}',
    re.ASCII,
)
_STATES: Mapping[str, InstanceState] = {state.value: state for state in InstanceState}


def _instance(found: tuple[Any, ...]) -> InstanceRow | None:
    (expires, key, allowed, hostname, of, ip_address, key_hash, contact, notes, product, registered, removed) = found[
        :12
    ]
    version, state, token, host, mac, pid, serial, suvi, uuid, vid, home = found[12:]
    if state not in _STATES:
        return None
    device_key = PublicKey(base64.b64decode(key)) if key is not None else None
    if device_key is not None and device_key.key_hash != key_hash:
        return None
    return InstanceRow(
        of,
        hostname,
        Udi(pid, serial, uuid, vid, host, suvi, mac),
        product,
        version,
        ip_address,
        notes,
        home,
        time_of_form(registered),
        time_of_form(contact),
        time_of_form(expires),
        _STATES[state],
        allowed == "true",
        key_hash,
        device_key,
        token,
        (),
        (),
        removed == "true",
    )


def _claim(found: tuple[str, ...]) -> ClaimRow:
    count, instance, since, tag = found
    return ClaimRow(instance, tag, int(count), time_of_form(since))


def _event(found: tuple[str, ...]) -> EventRow | None:
    actor, at, event, of, instance, message, subject = found
    members = json.loads(subject)
    # A name that stands twice is read once; as no text holds a quotation mark, the names can be counted.
    if len(members) != subject.count('":'):
        return None
    return EventRow(of, time_of_form(at), event, actor, message, instance, members)


# By what a canonical line of each kind begins with.
_SHAPES: Mapping[bytes, tuple[re.Pattern[str], Callable[..., RequestRow | None]]] = {
    b'{"c': (_CLAIM, _claim),
    b'{"ce': (_INSTANCE, _instance),
    b'{"ac': (_EVENT, _event),
}


def quick_row(line: bytes) -> RequestRow | None:
    """Read a line the short way; None sends it the long way, whatever the reason."""
    shape = _SHAPES.get(line[:4]) or _SHAPES.get(line[:3])
    if shape is None or not line.isascii() or len(line) > ROW_BYTES:
        return None
    found = shape[0].fullmatch(line.decode("ascii"))
    if found is None:
        return None
    try:
        return shape[1](found.groups())
    except (MalformedError, ValueError):
        return None


def time_text(at: datetime | str) -> str:
    """A time that a database gave, in UTC, as `iso` writes it: an aware one, or a text with blank and fraction."""
    return f"{at[:10]}T{at[11:19]}Z" if isinstance(at, str) else iso(at)
