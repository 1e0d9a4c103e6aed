"""Returns of grants that this satellite has never had, and how much one device may keep open (rows C8.2, C8.3, S3.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.licence_bodies import ExportAnswer
from exchange.files.rows import ExportReturnRow
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import ExportRequest, ExportReturn, Grant, seal_export_return
from satellite.core.export_queue import bounds
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.export_queue.services import grants_for, mark_sent, queue_request, take_grant, take_return
from satellite.core.instances.models import Instance
from satellite.core.site.models import Site
from satellite.sync.privacy import PrivacyFilter
from satellite.sync.request_rows import rows_since
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from tests.unit.satellite.factories import NOW, add_instance, add_virtual_account, id_of, unit_of

GRANT = id_of("grant")
MINE, ANOTHER = PrivateKey.from_seed(b"1" * 32), PrivateKey.from_seed(b"2" * 32)


def given_back(unit: Unit, instance: Instance, key: PrivateKey, grant: str = GRANT) -> HeldGrant | None:
    """A device of this site returns a grant that the site does not know."""
    udi, of = Udi.from_dict(instance.udi), key.public.key_hash
    statement = ExportReturn(grant, instance.id, udi, of, "ESSENTIALS", 9, NOW)
    return take_return(unit, instance.id, statement, seal_export_return(statement, key), key.public)


def granted(unit: Unit, instance: Instance, key: PrivateKey) -> None:
    """Central's grant of two units arrives."""
    grant = Grant(
        vendor_id="f" * 32,
        grant=GRANT,
        generation=1,
        request="0" * 32,
        satellite="5" * 32,
        epoch=1,
        virtual_account_id=instance.virtual_account_id,
        tag="STRONG",
        quantity=2,
        instance=instance.id,
        udi=Udi.from_dict(instance.udi),
        key_hash=key.public.key_hash,
        not_before=NOW,
        not_after=NOW + timedelta(days=365),
        deliver_until=NOW + timedelta(days=30),
        issued=NOW,
    )
    take_grant(unit, grant, {"signed": 1})
    unit.session.flush()


@pytest.mark.row("C8.3")
def test_what_a_stranger_says_of_a_grant_does_not_keep_it_from_its_device() -> None:
    """The signed grant decides whose it is, of which licence and how many; the other key's return is forgotten."""
    with unit_of() as unit:
        place = add_virtual_account(unit, "Site")
        holder, other = add_instance(unit, place, "A"), add_instance(unit, place, "B")
        given_back(unit, other, ANOTHER)
        granted(unit, holder, MINE)
        (row,) = grants_for(unit, holder.id, MINE.public.key_hash)

    assert (row.state, row.returned, row.tag, row.quantity) == ("active", None, "STRONG", 2)


@pytest.mark.row("C8.3")
def test_the_holders_own_return_outlasts_the_grant_that_comes_again() -> None:
    """A site that forgot the grant is sent it once more while the return is on its way."""
    with unit_of() as unit:
        holder = add_instance(unit, add_virtual_account(unit, "Site"), "A")
        given_back(unit, holder, MINE)
        granted(unit, holder, MINE)
        (row,) = grants_for(unit, holder.id, MINE.public.key_hash)

    assert (row.state, row.returned is not None, row.quantity) == ("returned", True, 2)


def ask(unit: Unit, instance: Instance, tag: str, count: int) -> ExportAnswer:
    """A device of this site requests a restricted licence."""
    udi = Udi.from_dict(instance.udi)
    statement = ExportRequest(new_id(), instance.id, udi, MINE.public.key_hash, tag, count, NOW)
    known = KnownDevice(instance.id, MINE.public, (udi,), 0, None, None, superseded=False)
    return queue_request(unit, instance, known, statement, {"signed": 1})


def told(unit: Unit, after: int, *, full: bool) -> list[str]:
    """The returns in a request."""
    rows = rows_since(unit, after, PrivacyFilter({}, b""), full=full)
    return [row.grant for row in rows if isinstance(row, ExportReturnRow)]


@pytest.mark.row("C8.2", "S2.3")
def test_a_return_that_central_cannot_place_is_told_until_it_is_acknowledged() -> None:
    """Central releases at once what it knows: a full request repeats what it released, and nothing of the rest."""
    with unit_of() as unit:
        holder = add_instance(unit, add_virtual_account(unit, "Site"), "A")
        row = given_back(unit, holder, ANOTHER)
        assert row is not None
        number = row.change_no
        unplaced = [told(unit, after, full=full) for after in (number - 1, number) for full in (False, True)]
        row.release = {"signed": 1}
        released = [told(unit, number, full=full) for full in (False, True)]

    assert unplaced == [[GRANT], [GRANT], [], []]
    assert released == [[], [GRANT]]


@pytest.mark.row("C8.2", "E2")
def test_one_device_keeps_no_more_invented_returns_than_it_may_hold_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused until central has acknowledged the others, which then make room; another device is not affected."""
    monkeypatch.setattr(bounds, "MOST_OPEN", 3)
    with unit_of() as unit:
        place = add_virtual_account(unit, "Site")
        one, other = add_instance(unit, place, "A"), add_instance(unit, place, "B")
        for number in range(3):
            given_back(unit, one, MINE, id_of(f"g{number}"))
        with pytest.raises(DeviceRefusal) as refused:
            given_back(unit, one, MINE, id_of("g3"))
        again, elsewhere = given_back(unit, one, MINE, id_of("g0")), given_back(unit, other, ANOTHER)
        kept = len(grants_for(unit, one.id, MINE.public.key_hash))
        unit.session.get_one(Site, 1).acknowledged_upto = again.change_no if again is not None else 0
        given_back(unit, one, MINE, id_of("g3"))
        names = {row.id for row in grants_for(unit, one.id, MINE.public.key_hash)}

    assert refused.value.code == "too_many_open"
    assert elsewhere is not None
    assert kept == 3
    assert id_of("g3") in names
    assert len(names) == 3  # the first was acknowledged, and made room


@pytest.mark.row("S3.3", "E2")
def test_one_device_has_no_more_undecided_requests_than_an_answer_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request for one more licence is refused; what was asked for is changed and withdrawn as before."""
    monkeypatch.setattr(bounds, "MOST_OPEN", 2)
    with unit_of() as unit:
        device = add_instance(unit, add_virtual_account(unit, "Site"), "A")
        device.export_allowed = True
        asked = [ask(unit, device, tag, count).state for tag, count in (("ONE", 1), ("TWO", 1), ("ONE", 2), ("TWO", 0))]
        with pytest.raises(DeviceRefusal) as refused:
            ask(unit, device, "THREE", 1)
        mark_sent(unit, 2**53)
        with pytest.raises(DeviceRefusal):
            ask(unit, device, "THREE", 1)
        for row in unit.session.scalars(select(QueueEntry).where(QueueEntry.tag == "ONE")):
            row.state = "failed"
        asked.append(ask(unit, device, "THREE", 1).state)

    assert refused.value.code == "too_many_open"
    assert asked == ["pending"] * 5
