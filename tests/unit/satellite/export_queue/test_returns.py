"""Returns of grants that this satellite has never had (rows C8.2, C8.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exchange.files.rows import ExportReturnRow
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import ExportReturn, Grant, seal_export_return
from satellite.core.export_queue.models import HeldGrant
from satellite.core.export_queue.services import grants_for, take_grant, take_return
from satellite.core.instances.models import Instance
from satellite.sync.privacy import PrivacyFilter
from satellite.sync.request_rows import rows_since
from serverkit.db.unit import Unit
from tests.unit.satellite.factories import NOW, add_instance, add_virtual_account, id_of, unit_of

GRANT = id_of("grant")
MINE, ANOTHER = PrivateKey.from_seed(b"1" * 32), PrivateKey.from_seed(b"2" * 32)


def given_back(unit: Unit, instance: Instance, key: PrivateKey) -> HeldGrant | None:
    """A device of this site returns a grant that the site does not know."""
    udi, of = Udi.from_dict(instance.udi), key.public.key_hash
    statement = ExportReturn(GRANT, instance.id, udi, of, "ESSENTIALS", 9, NOW)
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


@pytest.mark.row("C8.2", "S2.3")
def test_a_return_that_central_cannot_place_is_told_until_it_is_acknowledged() -> None:
    """Central releases at once what it knows; only a full request tells of the rest again."""
    with unit_of() as unit:
        holder = add_instance(unit, add_virtual_account(unit, "Site"), "A")
        row = given_back(unit, holder, ANOTHER)
        assert row is not None
        privacy = PrivacyFilter({}, b"")
        told = [
            [one.grant for one in rows_since(unit, after, privacy, full=full) if isinstance(one, ExportReturnRow)]
            for after, full in ((row.change_no - 1, False), (row.change_no, False), (row.change_no, True))
        ]

    assert told == [[GRANT], [], [GRANT]]
