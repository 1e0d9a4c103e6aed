"""Writes instances, claims and events as tables, column by column, in the most compact form.

The values alone determine the form, so the same rows give the same bytes. A few rows stand as rows, which
people read more easily. Times, keys and objects come as a database holds them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from exchange.canonical import JsonObject, encode
from exchange.container_writing import Lines
from exchange.files.columns import (
    Time,
    base64_column,
    few_times_column,
    hex_column,
    later_column,
    lists_column,
    objects_column,
    parsed,
    seconds_of,
    steps_column,
    times_column,
    values_column,
)
from exchange.limits import LINE_BYTES, TEXT_CHARS
from exchange.tables import TableReader

Text: TypeAlias = str | None
FEW = 8
"""Fewer rows than so many stand as rows."""
_KEY = ('{"public":"', '","suite":1}', 67)


class InstanceText(NamedTuple):
    """The members of an instance; objects and lists as JSON text."""

    id: str
    hostname: Text
    udi: str
    product_tag: Text
    software_version: Text
    ip_address: Text
    notes: Text
    virtual_account: str
    registered_at: Time
    last_contact: Time
    certificate_expires: Time
    state: str
    export_allowed: bool
    key_hash: str
    device_key: Text
    token: Text
    standbys: str
    marks: str
    removed: bool
    standby_keys: Text = None
    detached_until: Time | None = None
    detached_term: Text = None


class ClaimText(NamedTuple):
    """The members of a claim."""

    instance: str
    tag: str
    quantity: int
    since: Time

    @property
    def alike(self) -> str:
        """What rows have in common that are alike."""
        return self.tag


class EventText(NamedTuple):
    """The members of an event; `subject` as JSON text, `number` its place among the site's events."""

    id: str
    number: int
    at: Time
    event: str
    actor: str
    message: str
    instance: Text
    subject: str

    @property
    def alike(self) -> str:
        """What rows have in common that are alike."""
        return self.event


class Instances:
    """The instances of a table, for the rows that are about them."""

    def __init__(self, rows: Sequence[InstanceText], udi: object) -> None:
        """Rows, and the column of their UDIs."""
        self.rows = rows
        self.places = {row.id: place for place, row in enumerate(rows)}
        self.registered = [seconds_of(row.registered_at) for row in rows]
        # Members of a UDI can be pointed at where they have columns of their own.
        self.udis = parsed([row.udi for row in rows]) if isinstance(udi, dict) and "members" in udi else None


def instance_lines(rows: Sequence[InstanceText]) -> Iterator[tuple[Instances | None, Lines]]:
    """The lines of instances; with each table what is in it, None for lines that are rows."""
    for part, form in _parts(rows, _instance_table):
        lines = _lines("instance", form, len(part))
        yield (Instances(part, form["columns"]["udi"]) if len(part) >= FEW else None), lines


def claim_lines(rows: Sequence[ClaimText], about: Instances | None) -> Iterator[Lines]:
    """The lines of claims, about the instances of the last table where it is given."""
    for part, form in _parts(rows, lambda part: _claim_table(part, about)):
        yield _lines("claim", form, len(part), table=about is not None)


def event_lines(rows: Sequence[EventText], about: Instances | None) -> Iterator[Lines]:
    """The lines of events, about the instances of the last table where it is given."""
    for part, form in _parts(rows, lambda part: _event_table(part, about)):
        yield _lines("event", form, len(part), table=about is not None)


def _parts(
    rows: Sequence[Any], table: Callable[[Sequence[Any]], JsonObject]
) -> Iterator[tuple[Sequence[Any], JsonObject]]:
    """Tables whose lines are not too long."""
    form = table(rows)
    if len(rows) == 1 or len(encode(form)) <= LINE_BYTES:
        yield rows, form
        return
    middle = len(rows) // 2
    yield from _parts(rows[:middle], table)
    yield from _parts(rows[middle:], table)


def _lines(kind: str, form: JsonObject, count: int, *, table: bool = False) -> Lines:
    line = encode(form)
    if table or count >= FEW:
        return Lines(kind, count, line + b"\n")
    rows = TableReader().read(line).rows()
    return Lines(kind, count, b"".join(encode(row) + b"\n" for row in rows))


def _table(kind: str, count: int, about: object, /, **columns: object) -> JsonObject:
    form = {"kind": kind, "table": count, "columns": {name: each for name, each in columns.items() if each is not None}}
    return form if about is None else {**form, "about": about}


def _columns(rows: Sequence[Any]) -> Any:
    """Rows turned: each member is the list of its values."""
    return type(rows[0])(*zip(*rows, strict=True))


def _instance_table(rows: Sequence[InstanceText]) -> JsonObject:
    of = _columns(rows)
    registered = list(map(seconds_of, of.registered_at))
    key, key_hash = _keys(rows)
    return _table(
        "instance",
        len(rows),
        None,
        id=hex_column(of.id),
        hostname=values_column(of.hostname),
        udi=objects_column(parsed(of.udi)),
        product_tag=values_column(of.product_tag),
        software_version=values_column(of.software_version),
        ip_address=values_column(of.ip_address),
        notes=values_column(of.notes),
        virtual_account=values_column(of.virtual_account),
        registered_at=times_column(registered),
        last_contact=times_column(list(map(seconds_of, of.last_contact))),
        certificate_expires=later_column(of.certificate_expires, "registered_at", registered),
        state=values_column(of.state),
        export_allowed=values_column(list(map(bool, of.export_allowed))),
        key_hash=key_hash,
        device_key=key,
        token=values_column(of.token),
        standbys=lists_column(of.standbys),
        marks=lists_column(of.marks),
        removed=values_column(list(map(bool, of.removed))),
        standby_keys=_standby_keys(of.standby_keys),
        detached_until=few_times_column(of.detached_until),
        detached_term=values_column(of.detached_term) if any(of.detached_term) else None,
    )


def _claim_table(rows: Sequence[ClaimText], about: Instances | None) -> JsonObject:
    of = _columns(rows)
    shared = {"tag": values_column(of.tag), "count": values_column(of.quantity)}
    if about is None:
        since = times_column(list(map(seconds_of, of.since)))
        return _table("claim", len(rows), None, instance=hex_column(of.instance), since=since, **shared)
    places = [about.places[each] for each in of.instance]
    since = later_column(of.since, "instance.registered_at", [about.registered[place] for place in places])
    return _table("claim", len(rows), _about(places, about), instance={"as": "instance.id"}, since=since, **shared)


def _event_table(rows: Sequence[EventText], about: Instances | None) -> JsonObject:
    of = _columns(rows)
    subjects = parsed(of.subject)
    shared = {
        "id": hex_column(of.id),
        "number": steps_column(of.number),
        "event": values_column(of.event),
        "actor": values_column(of.actor),
    }
    if about is None:
        at = times_column(list(map(seconds_of, of.at)))
        instance = hex_column(of.instance) if None not in of.instance else values_column(of.instance)
        return _table(
            "event",
            len(rows),
            None,
            at=at,
            message=values_column(of.message),
            instance=instance,
            subject=objects_column(subjects),
            **shared,
        )
    places = [about.places[str(each)] for each in of.instance]
    return _table(
        "event",
        len(rows),
        _about(places, about),
        at=later_column(of.at, "instance.registered_at", [about.registered[place] for place in places]),
        message=_message(of.message, about, places),
        instance={"as": "instance.id"},
        subject=_subject(subjects, about, places),
        **shared,
    )


def _about(places: list[int], about: Instances) -> object:
    return True if places == list(range(len(about.rows))) else places


def _message(messages: Sequence[str], about: Instances, places: list[int]) -> object:
    """A sentence that differs by the host name only, or the sentences as they are."""
    hosts = [about.rows[place].hostname for place in places]
    if len(set(messages)) > 1 and hosts[0] and all(hosts):
        before, found, after = messages[0].partition(hosts[0])
        short = (
            found
            and before.isascii()
            and after.isascii()
            and max(len(before), len(after), *map(len, map(str, hosts))) <= TEXT_CHARS
        )
        if short and all(f"{before}{host}{after}" == said for host, said in zip(hosts, messages, strict=True)):
            return {"as": "instance.hostname", "before": before, "after": after}
    return values_column(messages)


def _subject(subjects: list[JsonObject], about: Instances, places: list[int]) -> object:
    """Facts, of which some are those of the instance."""
    form = objects_column(subjects)
    if "members" not in form:
        return form
    known: dict[str, list[Any]] = {"instance.id": [about.rows[place].id for place in places]}
    if about.udis is not None:
        for name in ("pid", "serial"):
            known[f"instance.udi.{name}"] = [about.udis[place][name] for place in places]
    members = form["members"]
    for name in members:
        values = [subject[name] for subject in subjects]
        path = next((path for path, others in known.items() if values == others), None)
        if path is not None and "all" not in members[name]:
            members[name] = {"as": path}
    return form


def _standby_keys(texts: Sequence[Text]) -> object:
    """Lists of keys; no column where no standby has one."""
    return [json.loads(text) if text else None for text in texts] if any(texts) else None


def _keys(rows: Sequence[InstanceText]) -> tuple[object, object]:
    """The columns of keys and of their hashes; a hash is told where the key is not."""
    texts = [row.device_key for row in rows]
    begin, end, length = _KEY
    if all(text and len(text) == length and text.startswith(begin) and text.endswith(end) for text in texts):
        data = b"".join(base64.b64decode(str(text)[len(begin) : -len(end)]) for text in texts)
        return {"members": {"public": base64_column(data), "suite": {"all": 1}}}, None
    hashes = [None if row.device_key else row.key_hash for row in rows]
    keys = [json.loads(text) if text else None for text in texts]
    return values_column(keys), values_column(hashes)
