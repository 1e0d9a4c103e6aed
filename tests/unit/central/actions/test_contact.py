"""Writing to the vendor."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from central.actions.contact import SupportRequest, contacts, request_support, send_feedback
from central.domain.notices.errors import NoContactError
from central.domain.operations.models import OutboxEntry
from central.settings import CentralSettings, ContactSettings
from tests.unit.central.factories import DOMAIN, unit_of


def server(**addresses: str) -> Any:
    """A server with nothing but settings."""
    return SimpleNamespace(settings=CentralSettings(contact=ContactSettings(**addresses)))


@pytest.mark.row("C12.5")
def test_what_is_written_goes_to_the_address_that_is_set_and_nowhere_without_one() -> None:
    """Anonymous feedback names nobody; a support request needs an account that there is."""
    wanted = SupportRequest("It fails.", DOMAIN, "Ann", "mail", "ann@x.example", "", "")
    with unit_of() as unit:
        with pytest.raises(NoContactError):
            send_feedback(server(), unit, "like", "Good", anonymous=True)
        here = server(feedback="a@v.example", support="b@v.example")
        assert contacts(here) == {"feedback": True, "support": True}
        send_feedback(here, unit, "like", "Good", anonymous=True)
        request_support(here, unit, wanted)
        unit.session.flush()
        mails = {row.payload["to"]: row.payload["text"] for row in unit.session.scalars(select(OutboxEntry))}
    assert "anonymous" in mails["a@v.example"]
    assert "Reporter: Ann" in mails["b@v.example"]
