"""Quantities to be reserved: a field for each licence, and one for each of its terms where there are several (row C6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from central.domain.reservations.rules import WantedLicence
from exchange.compliance import until
from serverkit.clock import parse_time
from serverkit.web.page import Page
from serverkit.web.refusals import reason_words
from serverkit.web.texts import Words, _, in_words

MOST = 1_000_000_000


def end_words(end: str | None) -> Words:
    """The end of a term in words, its last day included."""
    return in_words(until(parse_time(end))) if end is not None else _("never")


@dataclass
class TermField:
    """A term of a licence: its end (None: perpetual), how much of it there is, what was typed."""

    key: str
    end: str | None
    available: int
    name: str
    value: str = ""
    reason: Words = ""

    @property
    def words(self) -> Words:
        """The end in words."""
        return end_words(self.end)


@dataclass
class LicenceField:
    """A licence: what may be reserved of it, what is reserved already, what was typed."""

    tag: str
    title: str
    description: str
    available: int
    unlimited: bool
    permitted: bool
    name: str
    present: int = 0
    ended: int = 0
    value: str = ""
    reason: Words = ""
    terms: list[TermField] = field(default_factory=list)
    ends: list[str | None] = field(default_factory=list)

    @property
    def expires(self) -> Words:
        """When the only term ends; nothing where none is free."""
        return end_words(self.ends[0]) if self.ends else _("never") if self.unlimited else ""

    @property
    def opened(self) -> bool:
        """Whether a term was chosen, or one is wrong."""
        return any(one.value or one.reason for one in self.terms)


def licence_fields(
    page: Page, offered: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]] = ()
) -> list[LicenceField]:
    """The fields of what is offered and of what is held, by name of the licence; filled with what was sent."""
    by_tag = {one["tag"]: one for one in held}
    rows = [_field(one, by_tag.pop(one["tag"], None)) for one in offered]
    nothing = {"description": "", "available": 0, "unlimited": False, "permitted": True, "terms": []}
    rows += [_field({**nothing, **one, "terms": []}, one) for one in by_tag.values()]
    rows.sort(key=lambda one: (one.title.casefold(), one.tag))
    sent = page.sent if page.url.changes else None
    for row in rows:
        row.value = sent.get(row.name, "").strip() if sent is not None and row.name in sent else row.value
        for term in row.terms:
            term.value = sent.get(term.name, "").strip() if sent is not None else ""
    return rows


def _field(one: Mapping[str, Any], held: Mapping[str, Any] | None) -> LicenceField:
    own = {key: count for key, count in held["terms"].items() if held["bound"]} if held is not None else {}
    present = held["reserved"] if held is not None else 0
    ended = held["ended"] if held is not None else 0
    tag = one["tag"]
    terms = [
        TermField(t["key"], t["end"], t["available"] + own.get(t["key"], 0), f"term:{t['key']}|{tag}")
        for t in one["terms"]
    ]
    return LicenceField(
        tag,
        one["name"],
        one["description"],
        # Reserved units that have ended lower what is free until an update replaces them (row C6.9).
        one["available"] + (present if held is not None and held["bound"] else 0),
        one["unlimited"],
        one["permitted"] or present > 0,
        f"quantity:{tag}",
        present,
        ended,
        str(present) if present else "",
        terms=terms if len(terms) > 1 else [],
        ends=[one.end for one in terms],
    )


def read_wanted(rows: Sequence[LicenceField]) -> tuple[list[WantedLicence], bool]:
    """What is to be reserved, blank fields as 0, and whether every field can be had; those that cannot say why.

    Licences of which nothing changes are left out; those of which units have ended are always in.
    """
    found = []
    for row in rows:
        terms = [(term.key, _number(term)) for term in row.terms]
        chosen = tuple((key, count) for key, count in terms if count)
        quantity = _number(row)
        if chosen:
            whole = sum(count for _key, count in chosen)
            typed = row.value not in {"", str(row.present or ""), str(whole)}
            if typed and not row.reason:
                row.reason = _("The terms below are {sum} together.", sum=whole)
            quantity = whole
        _check(row, quantity, by_term=bool(chosen))
        if chosen or quantity != row.present or (row.ended and quantity):
            found.append(WantedLicence(row.tag, quantity, terms=chosen))
    sound = not any(row.reason or any(term.reason for term in row.terms) for row in rows)
    return found, sound


def _number(one: LicenceField | TermField) -> int:
    text = one.value
    if not text:
        return 0
    if not text.isascii() or not text.isdecimal():
        one.reason = reason_words("int_parsing")
        return 0
    if len(text) > 10 or int(text) > MOST:
        one.reason = _("At most {most} can be entered.", most=MOST)
        return 0
    if isinstance(one, TermField) and int(text) > one.available:
        one.reason = _("Only {most} are free.", most=one.available)
    return int(text)


def _check(row: LicenceField, quantity: int, *, by_term: bool) -> None:
    if row.reason or not quantity:
        return
    if not row.permitted:
        row.reason = _("This account may not use this restricted licence.")
    elif quantity > row.available and (by_term or not row.unlimited):
        row.reason = _("Only {most} are free.", most=row.available)


def hidden_fields(rows: Sequence[LicenceField]) -> list[tuple[str, str]]:
    """What was typed, for the form that carries it out."""
    typed = [(row.name, row.value) for row in rows]
    return [*typed, *((term.name, term.value) for row in rows for term in row.terms if term.value)]


def lines_of(licences: Sequence[Mapping[str, Any]], chosen: Sequence[WantedLicence] = ()) -> list[dict[str, Any]]:
    """Lots of a reservation as rows of a table: each licence with its quantity and the quantity of each end (rows C6.2, C6.10).

    `opened`: a person chose terms, so that they are shown at once.
    """
    found: dict[str, dict[str, Any]] = {}
    used = {one.tag for one in chosen if one.terms}
    for line in licences:
        one = found.setdefault(
            line["tag"], {"tag": line["tag"], "name": line["name"], "quantity": 0, "ends": {}, "opened": False}
        )
        one["quantity"] += line["quantity"]
        words = str(end_words(line["end"]))
        one["ends"][words] = one["ends"].get(words, 0) + line["quantity"]
        one["opened"] = line["tag"] in used
    return list(found.values())


def as_options(wanted: Sequence[WantedLicence]) -> list[str]:
    """The options of the command that reserves the same."""
    words = []
    for one in wanted:
        parts = [f"{one.tag}={count}@{end}" for end, count in one.terms] or [f"{one.tag}={one.quantity}"]
        words += [word for part in parts for word in ("--licence", part)]
    return words
