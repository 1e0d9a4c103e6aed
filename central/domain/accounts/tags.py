"""Tags on virtual accounts: set, taken off, searched by their first letters (row C1.2)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.errors import TagExistsError, UnknownTagError
from central.domain.accounts.models import VirtualAccount, VirtualAccountTag
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit
from serverkit.names import check_name, did_you_mean, kept_key, name_key, refuse_similar

MOST_LETTERS = 64


def tags_of(unit: Unit, account_id: str) -> dict[str, list[str]]:
    """The tags of an account's virtual accounts, in the order of the alphabet."""
    query = select(VirtualAccountTag).where(VirtualAccountTag.account_id == account_id)
    found: dict[str, list[str]] = {}
    for row in unit.session.scalars(query.order_by(VirtualAccountTag.key)):
        found.setdefault(row.virtual_account_id, []).append(row.tag)
    return found


def beginning(unit: Unit, account_id: str, text: str) -> list[str]:
    """The ids of the virtual accounts whose name, or one of whose tags, begins with a text, in any case."""
    names = select(VirtualAccount.id, VirtualAccount.name).where(VirtualAccount.account_id == account_id)
    found = {one: [name] for one, name in unit.session.execute(names)}
    for one, tags in tags_of(unit, account_id).items():
        found.setdefault(one, []).extend(tags)
    wanted = name_key(text)
    return [one for one, words in found.items() if any(name_key(word).startswith(wanted) for word in words)]


def change_tags(unit: Unit, row: VirtualAccount, add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[str]:
    """Set and take off tags; one that is there already, in whatever case, stays as it is."""
    require(unit, Permission.VIRTUAL_ACCOUNT_EDIT, row.account_id, row.id)
    there = tags_of(unit, row.account_id).get(row.id, [])
    known = {kept_key(tag) for tag in there}
    fresh = {kept_key(check_name("tag", tag, MOST_LETTERS)): tag for tag in add}
    for key in fresh.keys() - known:
        refuse_similar("the tag", fresh[key], [*there, *(tag for other, tag in fresh.items() if other != key)])
    for key in fresh.keys() - known:
        unit.session.add(
            VirtualAccountTag(account_id=row.account_id, virtual_account_id=row.id, key=key, tag=fresh[key])
        )
    gone = {kept_key(tag) for tag in remove} & known
    if gone:
        _drop(unit, row, gone)
    unit.session.flush()  # the list below shows the new state
    tags = tags_of(unit, row.account_id).get(row.id, [])
    if gone or fresh.keys() - known:
        message, subject = f"tags of virtual account {row.name} changed", {"tags": tags}
        kind = EventKind.VIRTUAL_ACCOUNT_TAGGED
        record(unit, row.account_id, kind, message, subject=subject, virtual_account_id=row.id)
    return tags


def rename_tag(unit: Unit, account_id: str, name: str, new_name: str) -> list[VirtualAccount]:
    """Rename a tag on every virtual account that has it; TagExistsError where another one is called so."""
    rows = unit.session.scalars(select(VirtualAccountTag).where(VirtualAccountTag.account_id == account_id)).all()
    known = {row.key: row.tag for row in rows}
    before, after = kept_key(name), kept_key(check_name("tag", new_name, MOST_LETTERS))
    if before not in known:
        hint = did_you_mean(name, set(known.values()))
        raise UnknownTagError("no virtual account has the tag {name!r}{hint}", name=name[:MOST_LETTERS], hint=hint)
    if after != before and after in known:
        raise TagExistsError("the account has the tag {name!r} already", name=known[after])
    refuse_similar("the tag", new_name, [tag for key, tag in known.items() if key != before])
    tagged = {row.virtual_account_id for row in rows if row.key == before}
    query = select(VirtualAccount).where(VirtualAccount.account_id == account_id, VirtualAccount.id.in_(sorted(tagged)))
    pools = list(unit.session.scalars(query.order_by(VirtualAccount.name)))
    for pool in pools:
        require(unit, Permission.VIRTUAL_ACCOUNT_EDIT, account_id, pool.id)
    for pool in pools:
        _drop(unit, pool, {before})
        unit.session.add(VirtualAccountTag(account_id=account_id, virtual_account_id=pool.id, key=after, tag=new_name))
        message, subject = (
            f"tag {known[before]} of virtual account {pool.name} renamed to {new_name}",
            {"tags": [new_name]},
        )
        record(unit, account_id, EventKind.VIRTUAL_ACCOUNT_TAGGED, message, subject=subject, virtual_account_id=pool.id)
    unit.session.flush()  # lists show the new state
    return pools


def drop_tags(unit: Unit, row: VirtualAccount) -> None:
    """Forget the tags of a virtual account that is deleted."""
    _drop(unit, row, {kept_key(tag) for tag in tags_of(unit, row.account_id).get(row.id, [])})


def _drop(unit: Unit, row: VirtualAccount, keys: set[str]) -> None:
    unit.session.execute(
        delete(VirtualAccountTag).where(
            VirtualAccountTag.account_id == row.account_id,
            VirtualAccountTag.virtual_account_id == row.id,
            VirtualAccountTag.key.in_(keys),
        ),
        execution_options={"synchronize_session": "fetch"},
    )
