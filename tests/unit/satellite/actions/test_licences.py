"""Licences of a site with their figures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.licences import (
    list_allotments,
    list_licence_window,
    list_licences,
    list_licences_of,
    show_as_of,
    show_licence,
)
from satellite.core.licences.errors import UnknownLicenceError
from satellite.core.licences.services import replace_claims
from satellite.core.site.queries import site_of
from serverkit.clock import iso
from serverkit.db.windows import Part
from tests.unit.satellite.factories import NOW, add_allotment, add_instance, add_virtual_account, unit_of

DAY = timedelta(days=1)


@pytest.mark.row("S3.2", "C3.1")
def test_what_is_in_use_is_taken_from_what_central_allotted() -> None:
    """For each virtual account by itself; a licence that is not there is unknown."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        add_allotment(unit, site, "ADVANTAGE", 3)
        add_allotment(unit, spare, "ADVANTAGE", 5)
        replace_claims(unit, add_instance(unit, site, "SN1").id, site.id, {"ADVANTAGE": 2})
        unit.session.flush()
        here = list_licences(unit, "Site")
        shown = show_licence(unit, site.id, "ADVANTAGE")

        assert [(one["purchased"], one["in_use"]) for one in here] == [(3, 2)]
        assert {one["virtual_account"] for one in list_licences(unit)} == {"Site", "Spare"}
        assert list_licences_of(unit, {site.id: "Site"}) == here
        assert (shown.ledger.claimed, shown.ledger.claimants) == (2, 1)
        assert [line.counted for line in shown.ledger.lines] == [3]
        with pytest.raises(UnknownLicenceError):
            show_licence(unit, site.id, "STRONG")


@pytest.mark.row("S3.2")
def test_licences_that_ask_for_attention_come_first() -> None:
    """What is short, then what ends soon, then the rest; filters take one of them."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        add_allotment(unit, site, "AMPLE", 9)
        add_allotment(unit, site, "ENDING", 9, end=NOW + 10 * DAY)
        add_allotment(unit, site, "SHORT", 1)
        replace_claims(unit, add_instance(unit, site, "SN1").id, site.id, {"SHORT": 2})
        unit.session.flush()

        def tags(**filters: str) -> list[str]:
            return [one["tag"] for one in list_licence_window(unit, Part(filters=filters)).items]

        assert tags() == ["SHORT", "ENDING", "AMPLE"]
        assert tags(state="ends_soon") == tags(q="endi") == ["ENDING"]
        assert tags(virtual_account="Site", tag="AMPLE") == ["AMPLE"]
        assert tags(virtual_account="Sight") == tags(restricted="yes") == []


@pytest.mark.row("C3.1")
def test_each_line_has_the_phase_of_licence_time_and_the_figures_say_what_they_rest_on() -> None:
    """A line that has ended stays visible; the last response is named."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        for tag, start, end in (("A", -9, -1), ("B", -1, 1), ("C", 1, 9)):
            add_allotment(unit, site, tag, 1, start=NOW + start * DAY, end=NOW + end * DAY)
        site_of(unit).applied_rseq, site_of(unit).last_sync_at = 4, NOW
        as_of = show_as_of(unit)

        assert [one.phase.value for one in list_allotments(unit)] == ["expired", "active", "future"]
        assert (as_of.response, as_of.epoch, as_of.at) == (4, 1, iso(NOW))
